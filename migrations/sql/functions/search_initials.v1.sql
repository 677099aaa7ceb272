-- A title with every syllable replaced by its initial consonant, '보고서 3' to 'ㅂㄱㅅ 3', as people type names in a hurry.
-- As many characters as the title has, so that a place in one is the same place in the other.
-- Frozen: it is under indexes.  A next version has another name (docs/search.md).
CREATE OR REPLACE FUNCTION search_initials(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
AS $$
BEGIN
    RETURN array_to_string(ARRAY(
        SELECT CASE
            WHEN ascii(c) BETWEEN 44032 AND 55203 THEN substr('ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ', (ascii(c) - 44032) / 588 + 1, 1)
            ELSE c
        END
        FROM unnest(string_to_array(p_text, NULL)) AS c
    ), '');
END
$$
