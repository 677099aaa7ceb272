-- How many executions of each workflow are in each state, how many of the queued ones are due, and how old the
-- oldest is.  For the reporting role: no input, output or error.  Finished ones are left out: there are many.
CREATE OR REPLACE VIEW workflow_queue WITH (security_invoker = true) AS
SELECT
    e.workflow_id,
    w.name,
    e.status,
    count(*) AS executions,
    count(*) FILTER (WHERE e.status = 'queued' AND e.run_after <= now()) AS due,
    min(e.created_at) AS oldest_created_at,
    min(e.heartbeat_at) AS oldest_heartbeat_at
FROM workflow_executions AS e
JOIN workflows AS w ON w.id = e.workflow_id
WHERE e.finished_at IS NULL
GROUP BY e.workflow_id, w.name, e.status
