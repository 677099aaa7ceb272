-- Every index of this schema with its scans and size, for the reporting role; names as in the documents' queries.
-- Zero scans mean nothing without stats_reset, the time since which they count (NULL: never reset).
-- 'chat_rooms'::regclass is kept by OID, so the view shows its own schema whatever the search_path of the reader.
CREATE OR REPLACE VIEW index_usage WITH (security_invoker = true) AS
SELECT
    s.schemaname,
    s.relname AS tablename,
    s.indexrelname AS indexname,
    s.idx_scan,
    s.idx_tup_read,
    s.idx_tup_fetch,
    pg_relation_size(s.indexrelid) AS size_bytes,
    i.indisprimary AS is_primary,
    i.indisunique AS is_unique,
    i.indisvalid AS is_valid,
    (SELECT d.stats_reset FROM pg_stat_database AS d WHERE d.datname = current_database()) AS stats_reset
FROM pg_stat_user_indexes AS s
JOIN pg_index AS i ON i.indexrelid = s.indexrelid
JOIN pg_class AS c ON c.oid = s.relid
WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'chat_rooms'::regclass)
