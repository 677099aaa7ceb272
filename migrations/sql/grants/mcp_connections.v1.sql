-- Who may do what with mcp_connections. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- Hidden from app_readonly: secrets_ciphertext, secrets_nonce, kek_id.
DO $do$
BEGIN
    GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_connections TO app_readwrite;
    GRANT SELECT (
        id, user_id, name, transport, server_url, command, args, auth_type, allowed_tools, tools_cache,
        status, enabled, last_health_check, last_error, created_at, updated_at
    ) ON mcp_connections TO app_readonly;
END
$do$
