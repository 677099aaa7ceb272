-- Gives the first waiting room of the queue (priority, then longest wait) to an agent; returns its id, or NULL when
-- nothing waits, the agent is unknown or inactive, or already has max_rooms active rooms.  Called by the backend.
-- The lock on the agent's row makes max_rooms exact for concurrent calls in READ COMMITTED: the next call counts
-- after this one committed.  NO KEY UPDATE, which a message being sent (FOR KEY SHARE on its room) does not block.
CREATE OR REPLACE FUNCTION claim_room(p_agent uuid) RETURNS uuid
    LANGUAGE plpgsql STRICT
    SET search_path FROM CURRENT
AS $$
DECLARE
    slots int;
    claimed uuid;
BEGIN
    SELECT a.max_rooms INTO slots
    FROM agents AS a
    WHERE a.id = p_agent AND a.is_active
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    IF slots <= (SELECT count(*) FROM chat_rooms AS r WHERE r.agent_id = p_agent AND r.status = 'active') THEN
        RETURN NULL;
    END IF;

    UPDATE chat_rooms AS r
    SET status = 'active', agent_id = p_agent, waiting_since = NULL, assigned_at = now()
    WHERE r.id = (
        SELECT w.id
        FROM chat_rooms AS w
        WHERE w.status = 'waiting'
        ORDER BY w.priority DESC, w.waiting_since, w.id
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING r.id INTO claimed;
    RETURN claimed;
END
$$
