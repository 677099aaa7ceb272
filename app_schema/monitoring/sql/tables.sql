-- Every table of the schema with its size in bytes; partitions count with their parent.
SELECT
    c.relname::text AS "table",
    sum(CASE WHEN l.reltuples >= 0 THEN l.reltuples END)::bigint AS rows,
    (count(*) FILTER (WHERE l.relispartition))::int AS partitions,
    sum(pg_table_size(l.oid))::bigint AS table_bytes,
    sum(pg_indexes_size(l.oid))::bigint AS index_bytes,
    sum(pg_total_relation_size(l.oid))::bigint AS total_bytes
FROM pg_class AS c
CROSS JOIN LATERAL (
    SELECT c.oid WHERE c.relkind <> 'p'
    UNION ALL
    SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = c.oid
) AS leaf (oid)
JOIN pg_class AS l ON l.oid = leaf.oid
WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
GROUP BY c.relname
ORDER BY total_bytes DESC, c.relname
