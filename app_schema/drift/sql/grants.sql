-- Privileges on tables, columns, views, sequences, routines, types and the schema: a row a grantee.
-- An object without an ACL has PostgreSQL's defaults, which are written out, so that a lost default shows too.
-- In the schema public everybody has USAGE from birth; what else PUBLIC is given there shows.
WITH object AS (
    SELECT
        r.relname::text AS relation,
        CASE r.relkind WHEN 'S' THEN 'sequence ' ELSE '' END || r.relname AS name,
        coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, r.relowner)) AS acl,
        r.relowner AS owner
    FROM relation AS r
    WHERE r.relkind <> 'c'
    UNION ALL
    SELECT r.relname::text, format('%s.%s', r.relname, a.attname), a.attacl, r.relowner
    FROM relation AS r
    JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT NULL, f.signature, coalesce(f.proacl, acldefault('f', f.proowner)), f.proowner FROM routine AS f
    UNION ALL
    SELECT NULL, 'type ' || t.typname, coalesce(t.typacl, acldefault('T', t.typowner)), t.typowner FROM type AS t
    UNION ALL
    SELECT NULL, 'schema', coalesce(n.nspacl, acldefault('n', n.nspowner)), n.nspowner FROM pg_namespace AS n WHERE n.nspname = :schema
)
SELECT
    'grant' AS kind,
    o.relation,
    format('%s to %s', o.name, g.grantee) AS name,
    string_agg(DISTINCT g.privilege, E'\n' ORDER BY g.privilege) AS definition
FROM object AS o
CROSS JOIN aclexplode(o.acl) AS x
JOIN privilege AS p ON p.name = x.privilege_type
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN x.grantee = 0 THEN 'PUBLIC'
            WHEN x.grantee = o.owner OR x.grantee = (SELECT owner FROM dominant) THEN 'the owner'
            ELSE pg_get_userbyid(x.grantee)::text
        END AS grantee,
        x.privilege_type || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END AS privilege
) AS g
WHERE NOT (o.name = 'schema' AND :schema = 'public' AND x.grantee = 0 AND g.privilege = 'USAGE')
GROUP BY o.relation, o.name, g.grantee
