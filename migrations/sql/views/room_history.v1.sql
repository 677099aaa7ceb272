-- What was said in a room, with the sender's name, original and translation; sort by (created_at, id).
-- For the application's roles only: it reads message content, which the reporting role may not.
CREATE OR REPLACE VIEW room_history WITH (security_invoker = true) AS
SELECT
    m.room_id,
    m.id AS message_id,
    m.created_at,
    m.sender_type,
    CASE m.sender_type
        WHEN 'agent' THEN a.name
        WHEN 'customer' THEN c.display_name
        ELSE m.sender_type
    END AS sender_name,
    m.content_type,
    m.original_lang,
    m.content,
    m.translated_lang,
    m.translated_content,
    m.translation_status
FROM messages AS m
JOIN chat_rooms AS r ON r.id = m.room_id
LEFT JOIN agents AS a ON a.id = m.agent_id
LEFT JOIN customer_sessions AS c ON c.id = r.customer_session_id
WHERE m.deleted_at IS NULL
