-- Who may do what with documents. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: storage_key, sha256, error.
DO $do$
BEGIN
    REVOKE ALL ON documents FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO app_readwrite;
    GRANT SELECT (
        id, user_id, conversation_id, title, mime_type, size_bytes, status, language, page_count, token_count,
        chunk_count, metadata, processing_started_at, processed_at, deleted_at, created_at, updated_at
    ) ON documents TO app_readonly;
END
$do$
