-- Rewrite rules, but not the one that is a view's definition.
SELECT
    'rule' AS kind,
    r.relname::text AS relation,
    format('%s.%s', r.relname, w.rulename) AS name,
    concat_ws(
        E'\n',
        pg_get_ruledef(w.oid, true),
        CASE w.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled replica' WHEN 'A' THEN 'enabled always' END,
        'comment ' || obj_description(w.oid, 'pg_rewrite')
    ) AS definition
FROM relation AS r
JOIN pg_rewrite AS w ON w.ev_class = r.oid
WHERE w.rulename <> '_RETURN'
