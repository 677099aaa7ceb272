-- Masks personal data and secrets in a text (docs/redaction.md says which).  Called by redact_jsonb and redact_log.
-- A text with nothing to mask comes back as it is; else in one spelling (redact_fold).
-- Secrets first: the host after a password in a URL would pass for an e-mail address.
CREATE OR REPLACE FUNCTION redact_text(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    folded text;
    masked text;
BEGIN
    IF redact_suspects(p_text) THEN
        folded := redact_fold(p_text);
        masked := redact_personal(redact_secrets(folded));
        IF masked <> translate(folded, chr(1), '') THEN
            RETURN masked;
        END IF;
    END IF;
    RETURN p_text;
END
$$
