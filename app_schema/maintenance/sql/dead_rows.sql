-- Tables and partitions where dead rows ask for VACUUM: a tenth of the rows, half of what autovacuum waits for; or where
-- so much was added since the last one that index-only scans suffer.  The worst first.
SELECT s.relname::text AS "table", s.n_dead_tup AS dead_rows
FROM pg_stat_user_tables AS s
JOIN pg_class AS c ON c.oid = s.relid
WHERE c.relnamespace = to_regnamespace(%(schema)s)
    AND pg_has_role(c.relowner, 'USAGE')
    AND (
        s.n_dead_tup > 500 + 0.1 * s.n_live_tup
        OR s.n_ins_since_vacuum > 5000 + 0.2 * s.n_live_tup
    )
ORDER BY s.n_dead_tup DESC, s.relname
