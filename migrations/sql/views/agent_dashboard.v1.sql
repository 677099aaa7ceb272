-- One row per active agent: free slots (what claim_room would still give), rooms with something unread,
-- and since when the oldest of them waits for an answer.  For the reporting role: no hashes, no content.
CREATE OR REPLACE VIEW agent_dashboard WITH (security_invoker = true) AS
SELECT
    a.id AS agent_id,
    a.name,
    a.role,
    a.status,
    a.languages,
    a.max_rooms,
    r.active_rooms,
    greatest(a.max_rooms - r.active_rooms, 0) AS free_slots,
    r.unread_rooms,
    r.oldest_unanswered,
    a.last_login
FROM agents AS a
CROSS JOIN LATERAL (
    SELECT
        count(*) AS active_rooms,
        count(*) FILTER (WHERE c.last_message_at > coalesce(c.agent_last_read_at, '-infinity')) AS unread_rooms,
        min(c.last_message_at) FILTER (WHERE c.last_message_at > coalesce(c.agent_last_read_at, '-infinity')) AS oldest_unanswered
    FROM chat_rooms AS c
    WHERE c.agent_id = a.id AND c.status = 'active'
) AS r
WHERE a.is_active
