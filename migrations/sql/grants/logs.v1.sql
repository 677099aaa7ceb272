-- Who may do what with logs. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: ip.
DO $do$
BEGIN
    REVOKE ALL ON logs, logs_default FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON logs TO app_readwrite;
    GRANT SELECT (
        id, created_at, level, source, event, message, context, user_id, request_id
    ) ON logs TO app_readonly;
END
$do$
