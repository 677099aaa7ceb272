-- Says that a worker is still busy with an execution; false when it no longer holds it (it was requeued,
-- cancelled or finished), and the worker should stop.  Called by workers, well within requeue_stale_executions' p_age.
CREATE OR REPLACE FUNCTION heartbeat_execution(p_id uuid, p_worker text) RETURNS boolean
    LANGUAGE plpgsql STRICT
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE workflow_executions AS e
    SET heartbeat_at = now()
    WHERE e.id = p_id AND e.locked_by = p_worker AND e.status = 'running';
    RETURN FOUND;
END
$$
