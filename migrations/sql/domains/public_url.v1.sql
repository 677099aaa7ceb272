-- The address of an MCP server: http, https, ws or wss, and nothing in it that opens a door.
-- Refused: any user part before the host (user:password@ and user@ alike, also behind a backslash),
-- and query parameters that carry a key; those belong in mcp_connections.secrets_ciphertext.
CREATE DOMAIN public_url AS text
    CONSTRAINT url_is_web CHECK (VALUE ~* '^(https?|wss?)://[^/?#@\\[:space:]]+([/?#][^[:space:]]*)?$')
    CONSTRAINT url_no_credentials CHECK (
        VALUE !~* '[?&#;](api[-_]?key|(access|auth|refresh)?[-_]?token|password|(client[-_]?)?secret)='
    )
