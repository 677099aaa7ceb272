-- Who may do what with documents. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: storage_key, sha256.
DO $do$
BEGIN
    GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO app_readwrite;
    GRANT SELECT (
        id, user_id, conversation_id, title, mime_type, size_bytes, status, error, language, page_count,
        token_count, chunk_count, metadata, processing_started_at, processed_at, deleted_at, created_at,
        updated_at
    ) ON documents TO app_readonly;
END
$do$
