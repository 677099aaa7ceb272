-- Moves last_message_at of at most %(batch)s rooms that other writers than record_message() left behind, among those with
-- messages of the last two days.
WITH behind AS MATERIALIZED (
    SELECT r.id, m.latest
    FROM (
        SELECT room_id, max(created_at) AS latest
        FROM messages
        WHERE created_at >= now() - interval '2 days' AND room_id IS NOT NULL
        GROUP BY room_id
    ) AS m
    JOIN chat_rooms AS r ON r.id = m.room_id
    WHERE r.last_message_at IS NULL OR r.last_message_at < m.latest
    ORDER BY r.id
    LIMIT %(batch)s
    FOR NO KEY UPDATE OF r SKIP LOCKED
),
mended AS (
    UPDATE chat_rooms AS r SET last_message_at = b.latest FROM behind AS b WHERE r.id = b.id RETURNING 1
)
SELECT count(*) FROM mended
