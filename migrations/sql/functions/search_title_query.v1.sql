-- A query for titles, each of its words once: keyboards join two initial consonants to a cluster where there is one, so that
-- who types ㅂㄱㅅ sends ㅂㄳ.  In words of consonants alone they are taken apart.
CREATE OR REPLACE FUNCTION search_title_query(p_query text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    clusters CONSTANT text[] := '{ㄳ,ㄵ,ㄶ,ㄺ,ㄻ,ㄼ,ㄽ,ㄾ,ㄿ,ㅀ,ㅄ}';
    apart CONSTANT text[] := '{ㄱㅅ,ㄴㅈ,ㄴㅎ,ㄹㄱ,ㄹㅁ,ㄹㅂ,ㄹㅅ,ㄹㅌ,ㄹㅍ,ㄹㅎ,ㅂㅅ}';
    word text;
    words text[] := '{}';
BEGIN
    FOREACH word IN ARRAY search_words(p_query) LOOP
        IF word ~ '^[ㄱ-ㅎ]+$' THEN
            FOR n IN 1 .. cardinality(clusters) LOOP
                word := replace(word, clusters[n], apart[n]);
            END LOOP;
        END IF;
        words := words || word;
    END LOOP;
    RETURN array_to_string(words, ' ');
END
$$
