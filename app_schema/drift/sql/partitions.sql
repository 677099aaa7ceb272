-- Whose partition a table is, and of what. A month that partition maintenance made with the right bounds (Seoul's
-- midnights; the session's time zone is set to that) reads "its month"; with any other bound it shows the bound.
SELECT
    'partition' AS kind,
    r.relname::text AS relation,
    r.relname::text AS name,
    concat_ws(
        E'\n',
        format(
            'of %s, %s',
            i.inhparent::regclass,
            CASE WHEN pg_get_expr(r.relpartbound, r.oid) = m.bound THEN 'its month' ELSE pg_get_expr(r.relpartbound, r.oid) END
        ),
        CASE WHEN i.inhdetachpending THEN 'half detached' END
    ) AS definition
FROM relation AS r
JOIN pg_inherits AS i ON i.inhrelid = r.oid
JOIN pg_class AS parent ON parent.oid = i.inhparent
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN r.relname ~ '_y[0-9]{4}m(0[1-9]|1[0-2])$'
            AND left(r.relname, -9) = parent.relname
            THEN to_date(right(r.relname, 7), 'YYYY"m"MM')
    END AS first_day
) AS named
CROSS JOIN LATERAL (
    SELECT format(
        'FOR VALUES FROM (%L) TO (%L)',
        first_day || ' 00:00:00+09',
        (first_day + interval '1 month')::date || ' 00:00:00+09'
    ) AS bound
) AS m
WHERE r.relispartition
