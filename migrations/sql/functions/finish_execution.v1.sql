-- Ends an execution as succeeded, failed or cancelled, with its output or error; false, and nothing changed,
-- when the worker no longer holds it.  Called by workers; the result of one that was thought lost is dropped.
CREATE OR REPLACE FUNCTION finish_execution(
    p_id uuid,
    p_worker text,
    p_status text,
    p_output jsonb DEFAULT NULL,
    p_error text DEFAULT NULL
) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF p_status IS NULL OR p_status NOT IN ('succeeded', 'failed', 'cancelled') THEN
        RAISE EXCEPTION 'p_status must be succeeded, failed or cancelled' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    UPDATE workflow_executions AS e
    SET status = p_status,
        output = p_output,
        error = p_error,
        locked_by = NULL,
        finished_at = now()
    WHERE e.id = p_id AND e.locked_by = p_worker AND e.status = 'running';
    RETURN FOUND;
END
$$
