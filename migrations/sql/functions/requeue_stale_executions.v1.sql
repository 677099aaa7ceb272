-- Takes one batch of executions from workers that gave no heartbeat for p_age: back to the queue while attempts
-- are left, else failed with 'worker lost'; returns how many.  Called every minute or so by a scheduler.
CREATE OR REPLACE FUNCTION requeue_stale_executions(p_age interval DEFAULT '2 minutes', p_batch int DEFAULT 1000)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    taken bigint;
BEGIN
    IF p_age IS NULL OR p_age < interval '1 second' THEN
        RAISE EXCEPTION 'p_age must be at least 1 second' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'p_batch must be 1 to 100000' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    WITH stale AS MATERIALIZED (
        SELECT id, attempts < max_attempts AS again
        FROM workflow_executions
        WHERE status = 'running' AND heartbeat_at < now() - p_age
        ORDER BY heartbeat_at
        LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE workflow_executions AS e
    SET status = CASE WHEN s.again THEN 'queued' ELSE 'failed' END,
        locked_by = NULL,
        finished_at = CASE WHEN s.again THEN NULL ELSE now() END,
        error = CASE WHEN s.again THEN e.error ELSE 'worker lost' END
    FROM stale AS s
    WHERE e.id = s.id;
    GET DIAGNOSTICS taken = ROW_COUNT;
    RETURN taken;
END
$$
