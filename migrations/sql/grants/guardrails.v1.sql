-- Who may do what with guardrails. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- app_readonly sees every column.
DO $do$
BEGIN
    REVOKE ALL ON guardrails FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON guardrails TO app_readwrite;
    GRANT SELECT (
        id, name, description, stage, rule_type, pattern, config, action, severity, priority, version,
        enabled, created_by, created_at, updated_at
    ) ON guardrails TO app_readonly;
END
$do$
