-- Who may do what with agents. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: password_hash.
DO $do$
BEGIN
    REVOKE ALL ON agents FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON agents TO app_readwrite;
    GRANT SELECT (
        id, user_id, email, name, role, status, languages, max_rooms, is_active, last_login, created_at,
        updated_at
    ) ON agents TO app_readonly;
END
$do$
