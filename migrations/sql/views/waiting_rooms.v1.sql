-- The queue of waiting rooms in the order claim_room serves it.
-- For the reporting role and the supervisors' screen: no message content, no customer's name.
CREATE OR REPLACE VIEW waiting_rooms WITH (security_invoker = true) AS
SELECT
    r.id AS room_id,
    r.priority,
    r.department,
    r.source_lang,
    r.target_lang,
    r.waiting_since,
    now() - r.waiting_since AS waited,
    row_number() OVER (ORDER BY r.priority DESC, r.waiting_since, r.id) AS queue_position
FROM chat_rooms AS r
WHERE r.status = 'waiting'
