-- Masks a JSON value at any depth: the value under a secret key (password, accessToken, 비밀번호 …) becomes "[secret]"
-- whatever its type; strings, keys and numbers go through redact_text.  Called by redact_log.
-- It walks the tokens of the text once instead of recursing, so that no nesting exhausts the stack; what most rows
-- hold, nothing to mask, is settled by a look at the whole text, in which every string stands as it is once the usual
-- escapes are undone.
-- Keys that mask alike stay apart: the second of them in an object is "[전화] #2".
CREATE OR REPLACE FUNCTION redact_jsonb(p_value jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    -- Keys as they stand in the text, in any case.  These hide whatever they hold.
    secret_key constant text :=
        '(?:passw(?:or)?d|pswd|pass[-_. ]?phrase|passcode|비밀 ?번호|비번|패스워드|암호(?!화)|시크릿|비밀 ?키|인증 ?키|보안 ?코드'
        '|authorization|cookie|secret|credential|token(?!s|[a-z])|jwt(?!_(?:alg|exp))'
        '|(?:access|refresh|auth|session|bearer)[-_. ]?token'
        '|(?:api|access|secret|private|encryption|signing|shared|account|master|service|client|auth|sas)[-_. ]?key'
        '|(?:"|[-_. ])(?:pass|pwd|pw|otp|cv[vc]2?|key[-_. ]?hash|session[-_. ]?id|sid|sessid|(?:x-(?:amz|goog)-)?signature|sig))'
        '(?:s|[-_. ]?(?:confirm(?:ation)?|again|repeat|retype|check|new|old|current|hash|value|plain|raw|text|string|base64|b64|확인'
        '|[0-9]{1,3}))*":';
    -- These hide a text, a list of texts, or digits; true, null and counts stay.
    text_key constant text :=
        '(?:tokens|(?:"|[-_. ])(?:pin|pins|pin[-_. ]?(?:code|no|number|번호)|핀 ?번호|인증 ?번호|인증 ?코드)'
        '|주민(?:등록)?번호|외국인등록번호|계좌|계좌번호|여권|여권번호|면허|면허번호|운전면허|운전면허번호|카드번호'
        '|rrn|jumin|resident[-_. ]?(?:registration[-_. ]?)?(?:no|number)|iban'
        '|bank[-_. ]?account(?:[-_. ]?(?:no|number))?|account[-_. ]?(?:no|number)|passport(?:[-_. ]?(?:no|number))?'
        '|(?:driver[s'']*|driving)[-_. ]?licen[cs]e(?:[-_. ]?(?:no|number))?|licen[cs]e[-_. ]?(?:no|number)|card[-_. ]?(?:no|number))":';
    -- A field that names another field, and the one that holds its value.
    name_key constant text := '"(?:name|key|header|field|k|n)":';
    value_key constant text := '"(?:value|values|val|content|v)":';
    -- A header or field by its name, as a string: its value is the next in the list, or the value of the same object.
    secret_name constant text :=
        '^"(?:[a-z0-9_. -]*(?:token|secret|api[-_ ]?key|access[-_ ]?key|cookie|authorization|passw(?:or)?d|passphrase|signature|jwt'
        '|credentials?)|비밀번호|암호|비번)"$';
    plain constant text := '^"[A-Za-z_]{0,15}"(?:: )?$';  -- a string in which nothing can be masked
    secret constant text := '"[secret]"';
    source constant text COLLATE "C" := p_value::text;
    token text COLLATE "C";
    masked text COLLATE "C";
    key text COLLATE "C";  -- of the value that comes next
    hide text;  -- how the value that comes next is hidden: 'all', 'text', 'count'
    depth int := 0;
    hidden_from int;  -- the depth of a container that is left out
    texts_at int;  -- the depth of a list of whose texts none is shown
    named boolean[] := '{}';  -- of each depth: a field with a secret name was met
    value_from int[] := '{}';  -- of each depth: which parts hold the value that such a name would hide
    value_to int[] := '{}';
    in_list boolean[] := '{}';
    masked_keys int[] := '{}';  -- of each depth: how many keys of the object were masked
    masked_before int;  -- how many the document may hold already
    value_is_kept boolean[] := '{}';
    parts text[] := '{}';
    ends boolean;
BEGIN
    IF NOT redact_suspects(
        CASE
            WHEN strpos(source, '\') = 0 THEN source
            ELSE replace(
                regexp_replace(
                    replace(replace(source, '\\', chr(1)), '\"', '"'), '\\(?:u00[0-9a-f]{2}|[bfnrt])', chr(10), 'g'
                ),
                chr(1), '\'
            )
        END
    )
    THEN
        RETURN p_value;
    END IF;

    FOR token IN
        SELECT m[1]
        FROM regexp_matches(source, '("(?:[^"\\]|\\.)*"(?:: )?|[][{}]|-?[0-9][-+.0-9eE]*|true|false|null|[, ]+)', 'g') AS m
    LOOP
        ends := false;
        -- Inside of what is left out only the depth counts.
        IF hidden_from IS NOT NULL THEN
            IF token IN ('{', '[') THEN
                depth := depth + 1;
            ELSIF token IN ('}', ']') THEN
                depth := depth - 1;
                IF depth = hidden_from THEN
                    hidden_from := NULL;
                    ends := true;
                END IF;
            END IF;
        -- A key.
        ELSIF token LIKE '"%": ' THEN
            masked := left(token, -2);
            IF token !~ plain THEN
                masked := to_jsonb(redact_text(masked::jsonb #>> '{}'))::text;
            END IF;
            IF masked <> left(token, -2) AND strpos(masked, '[') > 0 THEN
                IF masked_before IS NULL THEN
                    SELECT coalesce(max(CASE WHEN m[1] = '' THEN 1 ELSE m[1]::int END), 0) INTO masked_before
                    FROM regexp_matches(source, '\](?: #)?([0-9]{0,6})": ', 'g') AS m;
                END IF;
                masked_keys[depth] := coalesce(masked_keys[depth], masked_before) + 1;
                IF masked_keys[depth] > 1 THEN
                    masked := left(masked, -1) || ' #' || masked_keys[depth] || '"';
                END IF;
            END IF;
            parts := parts || (masked || ': ');
            key := rtrim(token);
            hide := CASE
                WHEN key ~* secret_key THEN 'all'
                WHEN key !~* text_key THEN NULL
                WHEN lower(key) LIKE '%tokens":' THEN 'count'  -- of these a number stays
                ELSE 'text'
            END;
            IF key ~* value_key THEN
                IF named[depth] THEN
                    hide := coalesce(hide, 'all');
                ELSE
                    value_from[depth] := cardinality(parts) + 1;
                    value_is_kept[depth] := true;
                END IF;
            END IF;
            CONTINUE;
        ELSIF left(token, 1) IN (',', ' ') THEN
            parts := parts || token;
            CONTINUE;
        ELSIF token IN ('}', ']') THEN
            parts := parts || token;
            depth := depth - 1;
            ends := true;
            IF depth < texts_at THEN
                texts_at := NULL;
            END IF;
        -- A value that is hidden.
        ELSIF hide = 'all'
            OR hide = 'text' AND left(token, 1) BETWEEN '"' AND '9'
            OR (hide = 'count' OR depth = texts_at) AND token LIKE '"%'
        THEN
            parts := parts || secret;
            IF token IN ('{', '[') THEN
                hidden_from := depth;
                depth := depth + 1;
            ELSE
                ends := true;
            END IF;
        ELSIF token IN ('{', '[') THEN
            parts := parts || token;
            depth := depth + 1;
            named[depth] := false;
            masked_keys[depth] := NULL;
            value_from[depth] := NULL;
            value_is_kept[depth] := false;
            in_list[depth] := token = '[';
            IF token = '[' AND hide IS NOT NULL AND texts_at IS NULL THEN
                texts_at := depth;
            END IF;
        -- A number that its key names as something else than a resident number.
        ELSIF length(token) IN (13, 15)
            AND token ~ '^"?[0-9]{13}"?$'
            AND right(redact_numbers(concat(key, token)), length(token)) = token
        THEN
            parts := parts || token;
            ends := true;
        ELSIF token LIKE '"%' THEN
            masked := token;
            IF token !~ plain THEN
                masked := to_jsonb(redact_text(token::jsonb #>> '{}'))::text;
            END IF;
            parts := parts || masked;
            ends := true;
            IF in_list[depth] OR key ~* name_key THEN
                IF token ~* secret_name THEN
                    IF in_list[depth] THEN
                        hide := 'next';
                    ELSE
                        named[depth] := true;
                        IF value_from[depth] IS NOT NULL THEN  -- the value came first
                            parts[value_from[depth]] := secret;
                            FOR i IN value_from[depth] + 1 .. value_to[depth] LOOP
                                parts[i] := '';
                            END LOOP;
                        END IF;
                    END IF;
                END IF;
            END IF;
        ELSE
            masked := CASE WHEN length(token) > 9 THEN redact_text(token) ELSE token END;
            parts := parts || CASE WHEN masked <> token THEN to_jsonb(masked)::text ELSE token END;
            ends := true;
        END IF;

        -- A value ends, or a container begins: what was said of the value that comes next is used up.
        hide := CASE WHEN hide = 'next' THEN 'all' END;
        IF ends AND value_is_kept[depth] THEN
            value_to[depth] := cardinality(parts);
            value_is_kept[depth] := false;
        END IF;
        key := NULL;
    END LOOP;
    RETURN array_to_string(parts, '')::jsonb;
END
$$
