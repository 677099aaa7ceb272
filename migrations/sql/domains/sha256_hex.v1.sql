-- A SHA-256 digest as 64 lower-case hexadecimal digits: of a session token, an issued key, a file.
-- A domain rather than a table CHECK, so that a token put here in the clear is not printed back.
CREATE DOMAIN sha256_hex AS text
    CONSTRAINT sha256_format CHECK (VALUE ~ '^[0-9a-f]{64}$')
