-- Masks a JSON value at any depth: the value under a secret key (password, accessToken, X-Api-Key …) becomes "[secret]"
-- whatever its type; strings, keys and numbers go through redact_text.  Called by redact_log.
-- It walks the tokens of the text once instead of recursing, so that no nesting exhausts the stack; what most rows
-- hold, nothing to mask, is settled by a look at the whole text (without escapes it shows every string as it is).
CREATE OR REPLACE FUNCTION redact_jsonb(p_value jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    secret_key constant text := '(?:passw(?:or)?d(?:[-_. ]?hash)?|passphrase|passcode|authorization|cookies?|secrets?|credentials?'
        || '|token(?:[-_. ]?hash)?|(?:access|refresh|auth|session|bearer)[-_. ]?tokens'
        || '|(?:api|access|secret|private|encryption|signing)[-_. ]?keys?'
        || '|"(?:pass|pwd|jwt|otp|cvv|cvc|key[-_. ]?hash|session[-_. ]?id))":';  -- a key as it stands in the text, in any case
    source constant text := p_value::text;
    token text;
    masked text;
    after_secret_key boolean := false;
    depth int := 0;  -- of the container that is being left out
    parts text[] := '{}';
BEGIN
    IF strpos(source, '\') = 0
        AND source COLLATE "C" !~* secret_key
        AND redact_text(source) = source
    THEN
        RETURN p_value;
    END IF;

    FOR token IN
        SELECT m[1]
        FROM regexp_matches(source, '("(?:[^"\\]|\\.)*"(?:: )?|[][{}]|-?[0-9][-+.0-9eE]*|true|false|null|[, ]+)', 'g') AS m
    LOOP
        IF depth > 0 THEN
            depth := depth + CASE WHEN token IN ('{', '[') THEN 1 WHEN token IN ('}', ']') THEN -1 ELSE 0 END;
        ELSIF after_secret_key THEN
            after_secret_key := false;
            depth := (token IN ('{', '['))::int;
            parts := parts || '"[secret]"'::text;
        ELSIF token ~ '^"' THEN
            masked := to_jsonb(redact_text(rtrim(token, ': ')::jsonb #>> '{}'))::text;
            IF token ~ ' $' THEN
                after_secret_key := token COLLATE "C" ~* secret_key;
                masked := masked || ': ';
            END IF;
            parts := parts || masked;
        ELSIF token ~ '^[-0-9]' AND redact_text(token) <> token THEN
            parts := parts || to_jsonb(redact_text(token))::text;
        ELSE
            parts := parts || token;
        END IF;
    END LOOP;
    RETURN array_to_string(parts, '')::jsonb;
END
$$
