-- Hands the next queued workflow execution that is due to a worker and counts the attempt; no row when there is none.
-- Called by workers: SELECT * FROM claim_execution('host-1:4711').  Keep it with heartbeat_execution and
-- end it with finish_execution, under the same worker name,
-- which must be new for each claim (host:pid:number): an attempt that was given up must not finish its successor.  RETURNING e.* in a string body: a column added
-- to the table later is returned too.
CREATE OR REPLACE FUNCTION claim_execution(p_worker text) RETURNS SETOF workflow_executions
    LANGUAGE plpgsql ROWS 1
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF p_worker IS NULL OR p_worker = '' THEN
        RAISE EXCEPTION 'p_worker must name the worker' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    RETURN QUERY
    UPDATE workflow_executions AS e
    SET status = 'running',
        locked_by = p_worker,
        heartbeat_at = now(),
        started_at = coalesce(e.started_at, now()),
        attempts = e.attempts + 1
    WHERE e.id = (
        SELECT q.id
        FROM workflow_executions AS q
        WHERE q.status = 'queued' AND q.run_after <= now() AND q.attempts < q.max_attempts
        ORDER BY q.priority DESC, q.run_after, q.id
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING e.*;
END
$$
