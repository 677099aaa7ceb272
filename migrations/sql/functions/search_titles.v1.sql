-- The newest rows of a table whose title contains every word of a query, deleted ones left out: what search_documents,
-- search_conversations and search_workflows share; they alone call it.  Newest goes by id, which is time-ordered.
-- p_user_id narrows it, by its own index and without the search's; a workflow of nobody is everybody's.
CREATE OR REPLACE FUNCTION search_titles(
    p_table text, p_column text, p_query text, p_limit int, p_before uuid, p_before_exact boolean, p_user_id uuid,
    p_order text, p_inflected boolean, p_spacing boolean
) RETURNS TABLE (id uuid, exact boolean, score real)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
    SET search_path FROM CURRENT
    SET jit = off
AS $$
DECLARE
    probed CONSTANT int := 300;                         -- newest rows that tell how frequent a query is
    wanted CONSTANT int := CASE p_order WHEN 'relevance' THEN 500 ELSE p_limit END;
    walked CONSTANT int := least(200 * wanted, 20000);  -- newest rows that a frequent one is read from
    last CONSTANT uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    initials CONSTANT text := format('t.%1$I || '' '' || search_initials(t.%1$I)', p_column);
    narrowed CONSTANT text := CASE
        WHEN p_user_id IS NULL THEN format('search_terms(%s) @@ $7', initials)
        WHEN p_table = 'workflows' THEN '(t.user_id = $8 OR t.user_id IS NULL)'
        ELSE 't.user_id = $8'
    END;
    -- a query without initials finds none, so that they need not be made
    matching CONSTANT text := format(
        '%s AND search_matches(%s, NULL, $1, $2, $3, $4)',
        CASE p_table WHEN 'workflows' THEN 'true' ELSE 't.deleted_at IS NULL' END,
        CASE WHEN p_query ~ '[ㄱ-ㅎ]' THEN initials ELSE format('t.%I', p_column) END
    );
    newest CONSTANT text := format(
        'SELECT t.id, %s AS matching FROM %I AS t WHERE t.id < $5 ORDER BY t.id DESC LIMIT $9', matching, p_table
    );
    typed RECORD;
    query tsquery;
    patterns text[];
    loose text[] := '{}';
    fold boolean;
    before uuid := coalesce(p_before, last);
    missing int := wanted;
    hits int;
    page uuid[];
    exact_page uuid[] := '{}';
    loose_page uuid[] := '{}';
BEGIN
    IF p_limit BETWEEN 1 AND 1000 IS NOT TRUE THEN
        RAISE EXCEPTION 'p_limit must be between 1 and 1000' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_order IN ('newest', 'relevance') IS NOT TRUE THEN
        RAISE EXCEPTION 'p_order must be newest or relevance' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_order = 'relevance' AND p_before IS NOT NULL THEN
        RAISE EXCEPTION 'relevance has one page; raise p_limit' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    p_before_exact := coalesce(p_before_exact, true);
    p_inflected := coalesce(p_inflected, false);
    p_spacing := coalesce(p_spacing, false);
    p_query := search_title_query(p_query);
    SELECT p.* INTO typed FROM search_patterns(p_query, p_inflected, p_spacing) AS p;
    patterns := typed.patterns || typed.loose;
    IF patterns = '{}' OR patterns IS NULL THEN
        RETURN;
    END IF;
    fold := array_to_string(patterns, '') ~ '[a-z]';

    LOOP  -- exact matches first, then those through spacing alone
        IF loose <> '{}' OR p_before_exact THEN
            page := NULL;
            query := search_query(p_query, p_inflected, loose <> '{}');
            IF p_user_id IS NULL THEN
                EXECUTE format('SELECT count(*) FROM (%s) AS n WHERE n.matching', newest) INTO hits
                    USING fold, patterns, typed.regexes, loose, before, missing, query, p_user_id, probed;
                IF hits * walked >= missing * probed THEN
                    EXECUTE format('SELECT array_agg(f.id) FROM (SELECT n.id FROM (%s) AS n WHERE n.matching LIMIT $6) AS f', newest)
                        INTO page
                        USING fold, patterns, typed.regexes, loose, before, missing, query, p_user_id, walked;
                END IF;
            END IF;
            IF page IS NULL OR cardinality(page) < missing THEN
                -- id::text: the primary key may not be read to its end
                EXECUTE format(
                    'SELECT array_agg(f.id) FROM (SELECT t.id FROM %I AS t WHERE %s AND %s AND t.id::text COLLATE "C" < $5::text'
                    ' ORDER BY t.id::text COLLATE "C" DESC LIMIT $6) AS f', p_table, narrowed, matching
                ) INTO page USING fold, patterns, typed.regexes, loose, before, missing, query, p_user_id;
            END IF;
            missing := missing - coalesce(cardinality(page), 0);
            IF loose = '{}' THEN
                exact_page := coalesce(page, '{}');
            ELSE
                loose_page := coalesce(page, '{}');
            END IF;
        END IF;
        EXIT WHEN loose <> '{}' OR typed.loose = '{}' OR missing = 0;
        patterns := typed.patterns;
        loose := typed.loose;
        IF p_before_exact THEN
            before := last;
        END IF;
    END LOOP;

    IF p_order = 'newest' THEN
        RETURN QUERY
        SELECT f.id, f.place <= cardinality(exact_page), NULL::real
        FROM unnest(exact_page || loose_page) WITH ORDINALITY AS f (id, place);
    ELSE
        RETURN QUERY EXECUTE format(
            'SELECT t.id, f.place <= $2, search_score(%s, $3, $4, $5) AS points'
            ' FROM unnest($1) WITH ORDINALITY AS f (id, place) JOIN %I AS t ON t.id = f.id'
            ' ORDER BY points DESC, f.place LIMIT $6', initials, p_table
        ) USING exact_page || loose_page, cardinality(exact_page), p_query, p_inflected, p_spacing, p_limit;
    END IF;
END
$$
