-- What makes a match exact: lower(text COLLATE "C") COLLATE "C" LIKE ALL (patterns) AND text COLLATE "C" ~ ALL (regexes)
-- AND replace(text, ' ', '') COLLATE "C" LIKE ALL (loose).  Without the options, and for every word that they do not
-- concern, there are patterns alone; %, _ and \ in a query are text.
CREATE OR REPLACE FUNCTION search_patterns(
    p_query text, p_inflected boolean DEFAULT false, p_spacing boolean DEFAULT false,
    OUT patterns text[], OUT regexes text[], OUT loose text[]
)
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    word text;
    forms text[];
BEGIN
    patterns := '{}';
    regexes := '{}';
    loose := '{}';
    FOREACH word IN ARRAY search_words(p_query) LOOP
        forms := search_forms(word, p_inflected);
        IF forms <> ARRAY[word] THEN
            regexes := regexes || array_to_string(forms, '|');
            -- what no inflection changes: far cheaper, and mostly enough to say no
            patterns := patterns || ('%' || left(word, CASE WHEN word ~ '르다$' THEN -3 ELSE -2 END) || '%');
        ELSIF p_spacing AND word ~ '^[가-힣]{3,20}$' THEN
            loose := loose || ('%' || word || '%');
        ELSE
            patterns := patterns || ('%' || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%');
        END IF;
    END LOOP;
END
$$
