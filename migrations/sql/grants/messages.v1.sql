-- Who may do what with messages. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: content, translated_content, error, metadata.
DO $do$
BEGIN
    REVOKE ALL ON messages FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON messages TO app_readwrite;
    GRANT SELECT (
        id, conversation_id, room_id, parent_message_id, user_id, agent_id, sender_type, content_type,
        original_lang, translated_lang, translation_status, model, input_tokens, output_tokens, status,
        client_msg_id, deleted_at, created_at, updated_at
    ) ON messages TO app_readonly;
END
$do$
