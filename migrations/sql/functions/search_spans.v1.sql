-- Where a text holds a query's words: half-open ranges of characters counted from 0, overlapping ones made one; Python's
-- text[0:2] is [0,2).  The options are those of the search.
CREATE OR REPLACE FUNCTION search_spans(
    p_text text, p_query text, p_inflected boolean DEFAULT false, p_spacing boolean DEFAULT false
) RETURNS int4multirange
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
    SET search_path FROM CURRENT
AS $$
DECLARE
    folded text := lower(p_text COLLATE "C");
    places int[];  -- of the characters that are no blanks
    word text;
    form text;
    pieces text[];
    place int;
    spans int4range[] := '{}';
BEGIN
    FOREACH word IN ARRAY search_words(p_query) LOOP
        FOREACH form IN ARRAY search_forms(word, p_inflected) LOOP
            pieces := string_to_array(folded, form);
            place := length(pieces[1]);
            FOR i IN 2 .. cardinality(pieces) LOOP
                spans := spans || int4range(place, place + length(form));
                place := place + length(form) + length(pieces[i]);
            END LOOP;
        END LOOP;
        IF p_spacing AND word ~ '^[가-힣]{3,20}$' THEN
            places := ARRAY(
                SELECT n::int FROM unnest(string_to_array(folded, NULL)) WITH ORDINALITY AS u (c, n) WHERE c <> ' ' ORDER BY n
            );
            pieces := string_to_array(replace(folded, ' ', ''), word);
            place := length(pieces[1]);
            FOR i IN 2 .. cardinality(pieces) LOOP
                spans := spans || int4range(places[place + 1] - 1, places[place + length(word)]);
                place := place + length(word) + length(pieces[i]);
            END LOOP;
        END IF;
    END LOOP;
    RETURN (SELECT coalesce(range_agg(span), '{}') FROM unnest(spans) AS span);
END
$$
