-- Who may do what with conversations. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: system_prompt.
DO $do$
BEGIN
    REVOKE ALL ON conversations FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON conversations TO app_readwrite;
    GRANT SELECT (
        id, user_id, title, model, status, pinned, metadata, last_message_at, last_read_at, deleted_at,
        created_at, updated_at
    ) ON conversations TO app_readonly;
END
$do$
