-- The group roles: which exist, and every attribute or membership that would give one more than its grants.
SELECT
    'role' AS kind,
    NULL AS relation,
    r.rolname::text AS name,
    concat_ws(
        E'\n',
        CASE WHEN r.rolcanlogin THEN 'may log in' END,
        CASE WHEN r.rolsuper THEN 'superuser' END,
        CASE WHEN r.rolcreatedb THEN 'may create databases' END,
        CASE WHEN r.rolcreaterole THEN 'may create roles' END,
        CASE WHEN r.rolbypassrls THEN 'bypasses row security' END,
        CASE WHEN r.rolreplication THEN 'may replicate' END,
        'member of ' || (
            SELECT string_agg(DISTINCT pg_get_userbyid(m.roleid), ', ') FROM pg_auth_members AS m WHERE m.member = r.oid
        )
    ) AS definition
FROM pg_roles AS r
WHERE r.rolname = ANY (:roles)
