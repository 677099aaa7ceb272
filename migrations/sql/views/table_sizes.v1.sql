-- Every table of this schema with its size in bytes, estimated rows (NULL: never analysed) and dead rows.
-- A partitioned table shows the sum of its partitions, which are listed too, with partition_of: add up
-- WHERE partition_of IS NULL.  For the reporting role; shows its own schema (see index_usage).
CREATE OR REPLACE VIEW table_sizes WITH (security_invoker = true) AS
SELECT
    n.nspname AS schemaname,
    c.relname AS tablename,
    p.relname AS partition_of,
    sum(pg_table_size(leaf.oid))::bigint AS table_bytes,
    sum(pg_indexes_size(leaf.oid))::bigint AS index_bytes,
    sum(pg_total_relation_size(leaf.oid))::bigint AS total_bytes,
    sum(CASE WHEN l.reltuples >= 0 THEN l.reltuples END)::bigint AS est_rows,
    sum(s.n_dead_tup)::bigint AS n_dead_tup,
    max(s.last_autovacuum) AS last_autovacuum,
    max(s.last_autoanalyze) AS last_autoanalyze
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits AS h ON h.inhrelid = c.oid
LEFT JOIN pg_class AS p ON p.oid = h.inhparent
CROSS JOIN LATERAL (
    SELECT c.oid WHERE c.relkind <> 'p'
    UNION ALL
    SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = c.oid
) AS leaf (oid)
JOIN pg_class AS l ON l.oid = leaf.oid
LEFT JOIN pg_stat_user_tables AS s ON s.relid = leaf.oid
WHERE c.relkind IN ('r', 'p', 'm')
    AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'chat_rooms'::regclass)
GROUP BY n.nspname, c.relname, p.relname
