-- Gives a text one spelling: full-width letters, digits and marks as ASCII, Hangul composed, blanks of zero width gone.
-- Called by redact_text and guardrail_matches, which keep the text as it is where nothing is to mask.
CREATE OR REPLACE FUNCTION redact_fold(p_text text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN p_text COLLATE "C" ~ '[\u00a0\u00ad\u1100-\u11ff\u2000-\u200f\u2011\u2060-\u209c\u2460-\u249b\u3000'
            '\ufe50-\ufe6b\ufeff\uff01-\uff5e]'
        THEN regexp_replace(normalize(p_text, NFKC) COLLATE "C", '[\u00ad\u200b-\u200f\u2060\ufeff]', '', 'g')
        ELSE p_text
    END
$$
