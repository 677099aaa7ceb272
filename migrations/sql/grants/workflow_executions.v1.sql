-- Who may do what with workflow_executions. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: input, output, error.
DO $do$
BEGIN
    REVOKE ALL ON workflow_executions FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON workflow_executions TO app_readwrite;
    GRANT SELECT (
        id, workflow_id, workflow_version, user_id, status, priority, run_after, attempts, max_attempts,
        dedup_key, locked_by, heartbeat_at, payload_bytes, total_tokens, cost, started_at, finished_at,
        created_at, updated_at
    ) ON workflow_executions TO app_readonly;
END
$do$
