-- Row security policies.
SELECT
    'policy' AS kind,
    r.relname::text AS relation,
    format('%s.%s', r.relname, p.polname) AS name,
    concat_ws(
        E'\n',
        CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
        'for ' || CASE p.polcmd
            WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all'
        END,
        'to ' || (
            SELECT string_agg(CASE member WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(member) END, ', ' ORDER BY 1)
            FROM unnest(p.polroles) AS member
        ),
        'using ' || pg_get_expr(p.polqual, p.polrelid),
        'with check ' || pg_get_expr(p.polwithcheck, p.polrelid),
        'comment ' || obj_description(p.oid, 'pg_policy')
    ) AS definition
FROM relation AS r
JOIN pg_policy AS p ON p.polrelid = r.oid
