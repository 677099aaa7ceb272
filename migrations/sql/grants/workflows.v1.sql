-- Who may do what with workflows. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- app_readonly sees every column.
DO $do$
BEGIN
    REVOKE ALL ON workflows FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON workflows TO app_readwrite;
    GRANT SELECT (
        id, user_id, name, description, version, definition, status, trigger_type, created_at, updated_at
    ) ON workflows TO app_readonly;
END
$do$
