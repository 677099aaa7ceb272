-- ALTER DEFAULT PRIVILEGES: what future objects will be granted, in this schema or, for tables, everywhere.
SELECT
    'default privileges' AS kind,
    NULL AS relation,
    format(
        'on %s of %s to %s%s',
        CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' END,
        CASE WHEN d.defaclrole = (SELECT owner FROM dominant) THEN 'the owner' ELSE pg_get_userbyid(d.defaclrole)::text END,
        CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee)::text END,
        CASE d.defaclnamespace WHEN 0 THEN ' in every schema' ELSE '' END
    ) AS name,
    string_agg(
        x.privilege_type || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END,
        E'\n' ORDER BY x.privilege_type
    ) AS definition
FROM pg_default_acl AS d
LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
CROSS JOIN aclexplode(d.defaclacl) AS x
JOIN privilege AS p ON p.name = x.privilege_type
WHERE n.nspname = :schema OR (d.defaclnamespace = 0 AND d.defaclobjtype = 'r' AND x.grantee <> d.defaclrole)
GROUP BY d.defaclnamespace, d.defaclobjtype, d.defaclrole, x.grantee
