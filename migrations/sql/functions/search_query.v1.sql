-- What to ask the indexes for a query: search_terms(text) @@ search_query('…') holds for every text that contains all of its
-- words, and for some that hold the same pairs elsewhere, so that search_patterns must follow.  No words: no rows.
-- p_inflected: a predicate in its dictionary form finds its inflections, too (search_forms).
-- p_spacing: a word of three syllables or more finds itself with blanks inside.
CREATE OR REPLACE FUNCTION search_query(p_query text, p_inflected boolean DEFAULT false, p_spacing boolean DEFAULT false)
    RETURNS tsquery
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    most CONSTANT int := 64;  -- what more would say, the patterns say as well
    word text;
    forms text[];
    clauses text[] := '{}';
BEGIN
    FOREACH word IN ARRAY search_words(p_query) LOOP
        EXIT WHEN cardinality(clauses) >= most;
        forms := search_forms(word, p_inflected);
        IF forms <> ARRAY[word] THEN
            clauses := clauses || ('(' || (
                SELECT string_agg('(' || array_to_string(search_lexemes(form), '&') || ')', '|') FROM unnest(forms) AS form
            ) || ')');
        ELSIF p_spacing AND word ~ '^[가-힣]{3,20}$' THEN
            -- each syllable stands before the next one, or ends a word
            clauses := clauses || ARRAY(
                SELECT format('(''%s''|''%s '')', substr(word, n, 2), substr(word, n, 1)) FROM generate_series(1, length(word) - 1) AS n
            ) || format('''%s'':*', right(word, 1));
        ELSE
            clauses := clauses || search_lexemes(left(word, most));
        END IF;
    END LOOP;
    RETURN array_to_string(clauses[:most], '&')::tsquery;
END
$$
