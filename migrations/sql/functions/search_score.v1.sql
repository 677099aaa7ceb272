-- How well a text answers a query, to compare texts found by the same query: each word's occurrences, damped, twice as much
-- where one begins a word, less in a long text.  0 where nothing is found.
CREATE OR REPLACE FUNCTION search_score(
    p_text text, p_query text, p_inflected boolean DEFAULT false, p_spacing boolean DEFAULT false
) RETURNS real
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
    SET search_path FROM CURRENT
AS $$
DECLARE
    folded text := ' ' || translate(lower(p_text COLLATE "C"), E'\n\t\r', '   ');
    blankless text := CASE WHEN p_spacing THEN replace(folded, ' ', '') END;
    word text;
    form text;
    found int;
    begins boolean;
    score float8 := 0;
BEGIN
    FOREACH word IN ARRAY search_words(p_query) LOOP
        found := 0;
        begins := false;
        FOREACH form IN ARRAY search_forms(word, p_inflected) LOOP
            found := found + (length(folded) - length(replace(folded, form, ''))) / length(form);
            begins := begins OR strpos(folded, ' ' || form) > 0;
        END LOOP;
        IF found > 0 THEN
            score := score + ln(1 + found) * CASE WHEN begins THEN 2 ELSE 1 END;
        ELSIF p_spacing AND word ~ '^[가-힣]{3,20}$' AND strpos(blankless, word) > 0 THEN
            score := score + ln(2) / 2;
        END IF;
    END LOOP;
    RETURN score / (1 + ln(1 + length(p_text) / 50.0));
END
$$
