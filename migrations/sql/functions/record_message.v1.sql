-- Inserts one message and moves last_message_at of its room or conversation in one statement; returns the message's id.
-- Called by the backend, with named parameters.  A client_msg_id seen before in that parent returns the first
-- message's id and changes nothing, also when both are sent at once (READ COMMITTED).
-- Rooms are exact, the column is unindexed there; conversations move at most every 5 seconds, the column is indexed.
CREATE OR REPLACE FUNCTION record_message(
    p_content text,
    p_sender_type text,
    p_conversation_id uuid DEFAULT NULL,
    p_room_id uuid DEFAULT NULL,
    p_user_id uuid DEFAULT NULL,
    p_agent_id uuid DEFAULT NULL,
    p_parent_message_id uuid DEFAULT NULL,
    p_content_type text DEFAULT 'text',
    p_original_lang text DEFAULT NULL,
    p_translated_content text DEFAULT NULL,
    p_translated_lang text DEFAULT NULL,
    p_translation_status text DEFAULT 'none',
    p_model text DEFAULT NULL,
    p_input_tokens int DEFAULT NULL,
    p_output_tokens int DEFAULT NULL,
    p_status text DEFAULT 'done',
    p_client_msg_id text DEFAULT NULL,
    p_metadata jsonb DEFAULT '{}',
    p_created_at timestamptz DEFAULT now()
) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    message_id uuid;
BEGIN
    LOOP
        WITH sent AS (
            INSERT INTO messages (
                content, sender_type, conversation_id, room_id, user_id, agent_id, parent_message_id,
                content_type, original_lang, translated_content, translated_lang, translation_status,
                model, input_tokens, output_tokens, status, client_msg_id, metadata, created_at
            )
            VALUES (
                p_content, p_sender_type, p_conversation_id, p_room_id, p_user_id, p_agent_id, p_parent_message_id,
                p_content_type, p_original_lang, p_translated_content, p_translated_lang, p_translation_status,
                p_model, p_input_tokens, p_output_tokens, p_status, p_client_msg_id, p_metadata, p_created_at
            )
            ON CONFLICT (coalesce(room_id, conversation_id), client_msg_id) WHERE client_msg_id IS NOT NULL DO NOTHING
            RETURNING id, room_id, conversation_id, sender_type, created_at
        ),
        room AS (
            UPDATE chat_rooms AS r
            SET last_message_at = greatest(r.last_message_at, s.created_at),
                first_reply_at = CASE
                    WHEN s.sender_type = 'agent' THEN least(r.first_reply_at, s.created_at)
                    ELSE r.first_reply_at
                END
            FROM sent AS s
            WHERE r.id = s.room_id
        ),
        conversation AS (
            UPDATE conversations AS c
            SET last_message_at = s.created_at
            FROM sent AS s
            WHERE c.id = s.conversation_id AND c.last_message_at < s.created_at - interval '5 seconds'
        )
        SELECT s.id INTO message_id FROM sent AS s;
        EXIT WHEN FOUND;

        -- A second statement, since the first one's snapshot may be older than the message it met.
        SELECT m.id INTO message_id
        FROM messages AS m
        WHERE coalesce(m.room_id, m.conversation_id) = coalesce(p_room_id, p_conversation_id)
            AND m.client_msg_id = p_client_msg_id;
        EXIT WHEN FOUND;  -- else it was deleted in between: try again
    END LOOP;
    RETURN message_id;
END
$$
