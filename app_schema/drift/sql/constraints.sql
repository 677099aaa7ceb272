-- Constraints of tables and domains. NOT NULL (a constraint since PostgreSQL 18) is told with the column.
SELECT
    'constraint' AS kind,
    r.relname::text AS relation,
    format('%s.%s', coalesce(r.relname, t.typname), coalesce(parent.conname, c.conname)) AS name,
    concat_ws(
        E'\n',
        pg_get_constraintdef(c.oid),
        CASE WHEN c.connoinherit AND c.contype IN ('c', 'f') THEN 'no inherit' END,
        ( -- ALTER TABLE … DISABLE TRIGGER ALL turns a foreign key off
            SELECT 'not enforced: ' || string_agg(DISTINCT CASE g.tgenabled WHEN 'D' THEN 'disabled' ELSE 'on replicas' END, ', ')
            FROM pg_trigger AS g
            WHERE g.tgconstraint = c.oid AND g.tgisinternal AND g.tgenabled IN ('D', 'R')
        ),
        'comment ' || obj_description(c.oid, 'pg_constraint')
    ) AS definition
FROM pg_constraint AS c
LEFT JOIN relation AS r ON r.oid = c.conrelid
LEFT JOIN type AS t ON t.oid = c.contypid
LEFT JOIN pg_constraint AS parent ON parent.oid = c.conparentid
WHERE c.contype NOT IN ('n', 't') AND (r.oid IS NOT NULL OR t.oid IS NOT NULL)
