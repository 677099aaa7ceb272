-- How many of the pages that each table and its indexes needed were in shared_buffers; ratio 0 to 1, NULL when
-- nothing was read yet.  For the reporting role; shows its own schema (see index_usage).
CREATE OR REPLACE VIEW cache_hit_ratio WITH (security_invoker = true) AS
SELECT
    s.schemaname,
    s.relname AS tablename,
    s.heap_blks_hit + coalesce(s.idx_blks_hit, 0) AS hits,
    s.heap_blks_read + coalesce(s.idx_blks_read, 0) AS reads,
    round(
        (s.heap_blks_hit + coalesce(s.idx_blks_hit, 0))::numeric
        / nullif(s.heap_blks_hit + coalesce(s.idx_blks_hit, 0) + s.heap_blks_read + coalesce(s.idx_blks_read, 0), 0),
        4
    ) AS ratio
FROM pg_statio_user_tables AS s
JOIN pg_class AS c ON c.oid = s.relid
WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'chat_rooms'::regclass)
