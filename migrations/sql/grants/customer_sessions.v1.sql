-- Who may do what with customer_sessions. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: token.
DO $do$
BEGIN
    REVOKE ALL ON customer_sessions FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON customer_sessions TO app_readwrite;
    GRANT SELECT (
        id, display_name, language, consent_at, metadata, expires_at, last_active, created_at
    ) ON customer_sessions TO app_readonly;
END
$do$
