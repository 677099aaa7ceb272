-- What the index holds of a text that contains p_form somewhere, quoted for a tsquery: its pairs of characters, or, of a
-- single character, a prefix.  A full stop ends a word in search_terms: what stands before one is paired with a blank.
CREATE OR REPLACE FUNCTION search_lexemes(p_form text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    pieces text[] := string_to_array(p_form, '.');
    pairs text[] := '{}';
    prefix text;
BEGIN
    IF p_form ~ '^[.]+$' THEN
        RETURN ARRAY['''. '''];
    END IF;
    FOR i IN 1 .. cardinality(pieces) LOOP
        IF pieces[i] <> '' AND i < cardinality(pieces) THEN
            pieces[i] := pieces[i] || ' ';
        END IF;
        IF length(pieces[i]) = 1 THEN
            prefix := '''' || replace(replace(pieces[i], '\', '\\'), '''', '''''') || ''':*';
        ELSIF length(pieces[i]) > 1 THEN
            pairs := pairs || ARRAY(SELECT substr(pieces[i], n, 2) FROM generate_series(1, length(pieces[i]) - 1) AS n);
        END IF;
    END LOOP;
    RETURN ARRAY(SELECT '''' || replace(replace(pair, '\', '\\'), '''', '''''') || '''' FROM unnest(pairs) AS pair) || prefix;
END
$$
