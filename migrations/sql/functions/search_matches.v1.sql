-- Whether either of two texts holds what search_patterns has made of a query; with loose patterns, whether one does so
-- through its spacing alone.  p_fold: a pattern has Latin letters, so the texts are folded.
-- Plain SQL without a SET, so that the planner takes it apart: a call a row would cost more than the comparison.
CREATE OR REPLACE FUNCTION search_matches(
    p_text text, p_other text, p_fold boolean, p_patterns text[], p_regexes text[], p_loose text[]
) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT (
            p_text IS NOT NULL
            AND CASE WHEN p_fold THEN lower(p_text COLLATE "C") ELSE p_text END COLLATE "C" LIKE ALL (p_patterns)
            AND p_text COLLATE "C" ~ ALL (p_regexes)
            AND (p_loose = '{}' OR replace(p_text, ' ', '') COLLATE "C" LIKE ALL (p_loose))
            OR p_other IS NOT NULL
            AND CASE WHEN p_fold THEN lower(p_other COLLATE "C") ELSE p_other END COLLATE "C" LIKE ALL (p_patterns)
            AND p_other COLLATE "C" ~ ALL (p_regexes)
            AND (p_loose = '{}' OR replace(p_other, ' ', '') COLLATE "C" LIKE ALL (p_loose))
        )
        AND (p_loose = '{}' OR NOT (
            p_text IS NOT NULL
            AND CASE WHEN p_fold THEN lower(p_text COLLATE "C") ELSE p_text END COLLATE "C" LIKE ALL (p_patterns)
            AND p_text COLLATE "C" ~ ALL (p_regexes)
            AND p_text COLLATE "C" LIKE ALL (p_loose)
            OR p_other IS NOT NULL
            AND CASE WHEN p_fold THEN lower(p_other COLLATE "C") ELSE p_other END COLLATE "C" LIKE ALL (p_patterns)
            AND p_other COLLATE "C" ~ ALL (p_regexes)
            AND p_other COLLATE "C" LIKE ALL (p_loose)
        ))
$$
