-- Deletes one batch of customer sessions that were idle for p_idle (units: any interval, at least 1 day) or have
-- expired, unless a room of theirs is not closed; returns how many.  Called by `app-schema maintain daily`.
-- Two statements on purpose: the first locks, so that no new room can refer to the session; the second,
-- with a newer snapshot, sees the rooms that came in between (READ COMMITTED).
CREATE OR REPLACE FUNCTION cleanup_customer_sessions(p_batch int DEFAULT 5000, p_idle interval DEFAULT '30 days')
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    candidates uuid[];
    deleted bigint;
BEGIN
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'p_batch must be 1 to 100000' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_idle IS NULL OR p_idle < interval '1 day' THEN
        RAISE EXCEPTION 'p_idle must be at least 1 day' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    candidates := ARRAY(
        SELECT s.id
        FROM customer_sessions AS s
        WHERE (s.last_active < now() - p_idle OR s.expires_at < now())
            AND NOT EXISTS (
                SELECT FROM chat_rooms AS r
                WHERE r.customer_session_id = s.id AND r.status <> 'closed'
            )
        ORDER BY s.last_active
        LIMIT p_batch
        FOR UPDATE OF s SKIP LOCKED
    );

    DELETE FROM customer_sessions AS s
    WHERE s.id = ANY (candidates)
        AND NOT EXISTS (
            SELECT FROM chat_rooms AS r
            WHERE r.customer_session_id = s.id AND r.status <> 'closed'
        );
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$
