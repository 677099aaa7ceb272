-- Who may do what with mcp_connections. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: secrets_ciphertext, secrets_nonce, kek_id, args, last_error.
DO $do$
BEGIN
    REVOKE ALL ON mcp_connections FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_connections TO app_readwrite;
    GRANT SELECT (
        id, user_id, name, transport, server_url, command, auth_type, allowed_tools, tools_cache, status,
        enabled, last_health_check, created_at, updated_at
    ) ON mcp_connections TO app_readonly;
END
$do$
