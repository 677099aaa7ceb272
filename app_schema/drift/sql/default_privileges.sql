-- ALTER DEFAULT PRIVILEGES IN SCHEMA: what future objects will be granted.
SELECT
    'default privileges' AS kind,
    NULL AS relation,
    format(
        'on %s of %s to %s',
        CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' END,
        CASE WHEN d.defaclrole = (SELECT owner FROM dominant) THEN 'the owner' ELSE pg_get_userbyid(d.defaclrole)::text END,
        CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee)::text END
    ) AS name,
    string_agg(
        x.privilege_type || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END,
        E'\n' ORDER BY x.privilege_type
    ) AS definition
FROM pg_default_acl AS d
JOIN pg_namespace AS n ON n.oid = d.defaclnamespace AND n.nspname = :schema
CROSS JOIN aclexplode(d.defaclacl) AS x
GROUP BY d.defaclobjtype, d.defaclrole, x.grantee
