-- Triggers. On a partition a trigger is a clone that differs from its parent in nothing but whether it is enabled.
SELECT
    'trigger' AS kind,
    r.relname::text AS relation,
    format('%s.%s', r.relname, t.tgname) AS name,
    concat_ws(
        E'\n',
        CASE WHEN t.tgparentid = 0 THEN pg_get_triggerdef(t.oid, true) ELSE 'as on its parent' END,
        CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled replica' WHEN 'A' THEN 'enabled always' END,
        'comment ' || obj_description(t.oid, 'pg_trigger')
    ) AS definition
FROM relation AS r
JOIN pg_trigger AS t ON t.tgrelid = r.oid
WHERE NOT t.tgisinternal
