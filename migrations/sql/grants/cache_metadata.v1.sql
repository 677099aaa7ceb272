-- Who may do what with cache_metadata. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: cache_key.
DO $do$
BEGIN
    REVOKE ALL ON cache_metadata FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON cache_metadata TO app_readwrite;
    GRANT SELECT (
        id, namespace, model, size_bytes, hit_count, miss_count, tokens_saved, last_hit_at, expires_at,
        created_at
    ) ON cache_metadata TO app_readonly;
END
$do$
