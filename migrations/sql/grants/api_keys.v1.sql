-- Who may do what with api_keys. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: key_hash, key_ciphertext, key_nonce, kek_id.
DO $do$
BEGIN
    REVOKE ALL ON api_keys FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys TO app_readwrite;
    GRANT SELECT (
        id, user_id, kind, name, provider, key_prefix, key_last4, scopes, expires_at, last_used_at,
        revoked_at, rotated_from, created_by, created_at, updated_at
    ) ON api_keys TO app_readonly;
END
$do$
