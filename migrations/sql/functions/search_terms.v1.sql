-- Text as the search indexes hold it: each pair of neighbouring characters of a word, the last one paired with a blank.
-- The same bytes in every locale and version: "C" folds ASCII letters only, and lexemes are compared as bytes.
-- A full stop ends a word, and is a word of its own once a text: in running text it would pair with everything.
-- Beyond 100,000 characters nothing is indexed, since a tsvector holds 1 MB.
-- Frozen: it is under indexes.  A next version has another name (docs/search.md).
CREATE OR REPLACE FUNCTION search_terms(p_text text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200
AS $$
DECLARE
    -- nested: a translate() of several characters costs more
    folded text := replace(replace(replace(replace(
        lower(left(p_text, 100000) COLLATE "C"), E'\n', ' '), E'\t', ' '), E'\r', ' '), '.', ' ');
    firsts text[];
    seconds text[];
BEGIN
    IF strpos(p_text, '.') > 0 THEN
        folded := folded || ' .';
    END IF;
    firsts := string_to_array(folded, NULL, ' ');
    seconds := string_to_array(substr(folded, 2) || ' ', NULL);
    RETURN array_to_tsvector(array_remove(ARRAY(SELECT unnest(firsts) || unnest(seconds)), NULL));
END
$$
