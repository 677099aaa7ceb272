-- Moves last_message_at of at most %(batch)s conversations that other writers than record_message() left behind, among
-- those with messages of the last two days.  Up to 5 seconds are the throttle of record_message().
WITH behind AS MATERIALIZED (
    SELECT c.id, m.latest
    FROM (
        SELECT conversation_id, max(created_at) AS latest
        FROM messages
        WHERE created_at >= now() - interval '2 days' AND conversation_id IS NOT NULL
        GROUP BY conversation_id
    ) AS m
    JOIN conversations AS c ON c.id = m.conversation_id
    WHERE c.last_message_at < m.latest - interval '5 seconds'
    ORDER BY c.id
    LIMIT %(batch)s
    FOR NO KEY UPDATE OF c SKIP LOCKED
),
mended AS (
    UPDATE conversations AS c SET last_message_at = b.latest FROM behind AS b WHERE c.id = b.id RETURNING 1
)
SELECT count(*) FROM mended
