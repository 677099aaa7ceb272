-- Who may do what with users. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: password_hash, phone.
DO $do$
BEGIN
    REVOKE ALL ON users FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON users TO app_readwrite;
    GRANT SELECT (
        id, email, name, role, status, locale, time_zone, settings, failed_login_count, locked_until,
        last_login, deleted_at, created_at, updated_at
    ) ON users TO app_readonly;
END
$do$
