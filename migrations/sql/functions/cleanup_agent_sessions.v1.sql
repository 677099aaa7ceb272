-- Deletes one batch of agent sessions that have expired, or were revoked more than a day ago; returns how many.
-- Called by `app-schema maintain daily`, which repeats and commits until it returns 0.
-- Expired ones first, since those are found by index; rows in use by others are left for the next call.
CREATE OR REPLACE FUNCTION cleanup_agent_sessions(p_batch int DEFAULT 5000) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    expired bigint;
    revoked bigint := 0;
BEGIN
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'p_batch must be 1 to 100000' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    WITH batch AS MATERIALIZED (
        SELECT id FROM agent_sessions
        WHERE expires_at < now()
        ORDER BY expires_at
        LIMIT p_batch
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM agent_sessions AS s USING batch AS b WHERE s.id = b.id;
    GET DIAGNOSTICS expired = ROW_COUNT;

    IF expired < p_batch THEN
        WITH batch AS MATERIALIZED (
            SELECT id FROM agent_sessions
            WHERE revoked_at < now() - interval '1 day'
            LIMIT p_batch - expired
            FOR UPDATE SKIP LOCKED
        )
        DELETE FROM agent_sessions AS s USING batch AS b WHERE s.id = b.id;
        GET DIAGNOSTICS revoked = ROW_COUNT;
    END IF;

    RETURN expired + revoked;
END
$$
