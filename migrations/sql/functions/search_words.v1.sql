-- The words of a query as they are compared: NFC, ASCII letters in lower case, split at whitespace of any script
-- and at what has no width but is pasted along with it (U+200B, U+2060, U+3164, U+FEFF), each once.
CREATE OR REPLACE FUNCTION search_words(p_query text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RETURN ARRAY(
        SELECT word
        FROM unnest(string_to_array(translate(
            lower(normalize(p_query, NFC) COLLATE "C"),
            E'\t\n\u000b\u000c\r\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u200b\u2060\u3164\ufeff',
            repeat(' ', 32)
        ), ' ')) WITH ORDINALITY AS u (word, place)
        WHERE word <> ''
        GROUP BY word
        ORDER BY min(place)
    );
END
$$
