-- The tables and partitions of the schema with the most dead rows or the greatest age, and the database as a whole.
(
    SELECT
        c.relname::text AS "table",
        coalesce(s.n_live_tup, 0) AS rows,
        coalesce(s.n_dead_tup, 0) AS dead_rows,
        round(coalesce(s.n_dead_tup, 0) / greatest(s.n_live_tup + s.n_dead_tup, 1)::numeric, 4)::float8 AS dead_ratio,
        greatest(s.last_vacuum, s.last_autovacuum) AS last_vacuum,
        greatest(s.last_analyze, s.last_autoanalyze) AS last_analyze,
        age(c.relfrozenxid) AS age,
        current_setting('autovacuum_freeze_max_age')::int AS age_limit
    FROM pg_class AS c
    LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid
    WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'm') AND c.relname <> 'alembic_version'
    ORDER BY s.n_dead_tup DESC NULLS LAST, age(c.relfrozenxid) DESC
    LIMIT 15
)
UNION ALL
SELECT 'the whole database', 0, 0, 0, NULL, NULL, age(d.datfrozenxid), current_setting('autovacuum_freeze_max_age')::int
FROM pg_database AS d
WHERE d.datname = current_database()
