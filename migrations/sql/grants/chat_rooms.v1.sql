-- Who may do what with chat_rooms. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- app_readonly sees every column.
DO $do$
BEGIN
    REVOKE ALL ON chat_rooms FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON chat_rooms TO app_readwrite;
    GRANT SELECT (
        id, customer_session_id, agent_id, status, priority, source_lang, target_lang, department,
        waiting_since, assigned_at, first_reply_at, closed_at, close_reason, agent_last_read_at,
        customer_last_read_at, last_message_at, metadata, created_at, updated_at
    ) ON chat_rooms TO app_readonly;
END
$do$
