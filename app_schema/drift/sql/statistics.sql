-- Extended statistics.
SELECT
    'statistics' AS kind,
    r.relname::text AS relation,
    s.stxname::text AS name,
    concat_ws(
        E'\n',
        format('(%s) on %s of %s', array_to_string(s.stxkind, ', '), pg_get_statisticsobjdef_columns(s.oid), r.relname),
        'target ' || nullif(s.stxstattarget, -1),
        'owner ' || (SELECT pg_get_userbyid(s.stxowner) FROM dominant WHERE owner <> s.stxowner),
        'comment ' || obj_description(s.oid, 'pg_statistic_ext')
    ) AS definition
FROM pg_statistic_ext AS s
JOIN relation AS r ON r.oid = s.stxrelid
