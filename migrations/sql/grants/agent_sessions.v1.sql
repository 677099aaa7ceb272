-- Who may do what with agent_sessions. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: token, ip.
DO $do$
BEGIN
    REVOKE ALL ON agent_sessions FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON agent_sessions TO app_readwrite;
    GRANT SELECT (
        id, agent_id, expires_at, last_active, revoked_at, user_agent, created_at
    ) ON agent_sessions TO app_readonly;
END
$do$
