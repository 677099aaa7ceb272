-- The newest messages whose content or translation contains every word of a query, deleted ones left out.
-- p_conversation_id, p_room_id or p_user_id (of whose conversations) narrows it, by its own index and without the search's.
-- The next page: p_before, p_before_id and p_before_exact of the last row; without the id, what is older than p_before.
-- p_order 'relevance' orders the newest 500 matches by search_score, in one page.
-- p_inflected, p_spacing: see search_query; what is found through spacing alone comes after the rest, exact = false.
-- Runs as its caller, who needs to read message content.
-- Planned once a session, since planning takes longer than most searches; workers and compiling would take longer still.
CREATE OR REPLACE FUNCTION search_messages(
    p_query text,
    p_limit int DEFAULT 20,
    p_before timestamptz DEFAULT NULL,
    p_before_id uuid DEFAULT NULL,
    p_before_exact boolean DEFAULT true,
    p_conversation_id uuid DEFAULT NULL,
    p_room_id uuid DEFAULT NULL,
    p_user_id uuid DEFAULT NULL,
    p_order text DEFAULT 'newest',
    p_inflected boolean DEFAULT false,
    p_spacing boolean DEFAULT false
) RETURNS TABLE (
    message_id uuid, created_at timestamptz, conversation_id uuid, room_id uuid, sender_type text,
    content text, translated_content text, exact boolean, score real
)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET jit = off
    SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    probed CONSTANT int := 300;                                               -- newest rows that tell how frequent a query is
    wanted CONSTANT int := CASE p_order WHEN 'relevance' THEN 500 ELSE p_limit END;
    walked CONSTANT int := least(200 * wanted, 20000);                        -- newest rows that a frequent one is read from
    typed RECORD;
    query tsquery;
    patterns text[];
    loose text[];
    fold boolean;
    first_id CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    last_id CONSTANT uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    before timestamptz := coalesce(p_before, 'infinity');
    before_id uuid := CASE WHEN p_before IS NULL THEN last_id ELSE coalesce(p_before_id, first_id) END;
    missing int := wanted;
    hits int;
    fetched CONSTANT int := 2000;                                             -- matches that are fetched to order them, without a further look
    looked CONSTANT int := 100;                                               -- rows that tell the same farther back
    depths CONSTANT float8[] := '{0.004, 0.008, 0.016, 0.03, 0.06, 0.12, 0.25, 0.4, 0.6, 0.8}';  -- of the time, where a word is looked for
    top timestamptz;
    top_id uuid;
    edge timestamptz;
    newest timestamptz;
    oldest timestamptz;
    near timestamptz;   -- not frequent before it
    far timestamptz;    -- frequent before it
    place timestamptz;
    found uuid[];
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
    IF p_before IS NULL AND p_before_id IS NOT NULL THEN
        RAISE EXCEPTION 'p_before_id goes with p_before' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF num_nonnulls(p_conversation_id, p_room_id, p_user_id) > 1 THEN
        RAISE EXCEPTION 'give one of p_conversation_id, p_room_id and p_user_id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    p_before_exact := coalesce(p_before_exact, true);
    p_inflected := coalesce(p_inflected, false);
    p_spacing := coalesce(p_spacing, false);
    p_query := array_to_string(search_words(p_query), ' ');  -- once, not for each row
    SELECT p.* INTO typed FROM search_patterns(p_query, p_inflected, p_spacing) AS p;
    patterns := typed.patterns || typed.loose;
    loose := '{}';
    IF patterns = '{}' OR patterns IS NULL THEN
        RETURN;
    END IF;
    fold := array_to_string(patterns, '') ~ '[a-z]';

    -- Exact matches first, then those through spacing alone.
    LOOP
        IF loose <> '{}' OR p_before_exact THEN
            page := NULL;
            -- created_at + interval '0' below: the index on created_at may not be read to its end
            IF p_conversation_id IS NOT NULL THEN
                SELECT array_agg(f.id) INTO page
                FROM (
                    SELECT m.id
                    FROM messages AS m
                    WHERE m.conversation_id = p_conversation_id AND (m.created_at, m.id) < (before, before_id) AND m.deleted_at IS NULL
                        AND search_matches(m.content, m.translated_content, fold, patterns, typed.regexes, loose)
                    ORDER BY m.created_at DESC, m.id DESC
                    LIMIT missing
                ) AS f;
            ELSIF p_room_id IS NOT NULL THEN
                SELECT array_agg(f.id) INTO page
                FROM (
                    SELECT m.id
                    FROM messages AS m
                    WHERE m.room_id = p_room_id AND (m.created_at, m.id) < (before, before_id) AND m.deleted_at IS NULL
                        AND search_matches(m.content, m.translated_content, fold, patterns, typed.regexes, loose)
                    ORDER BY m.created_at DESC, m.id DESC
                    LIMIT missing
                ) AS f;
            ELSIF p_user_id IS NOT NULL THEN
                SELECT array_agg(f.id) INTO page
                FROM (
                    SELECT m.id
                    FROM conversations AS c
                    JOIN messages AS m ON m.conversation_id = c.id
                    WHERE c.user_id = p_user_id AND c.deleted_at IS NULL
                        AND (m.created_at + interval '0', m.id) < (before, before_id) AND m.deleted_at IS NULL
                        AND search_matches(m.content, m.translated_content, fold, patterns, typed.regexes, loose)
                    ORDER BY m.created_at + interval '0' DESC, m.id DESC
                    LIMIT missing
                ) AS f;
            ELSE
                page := '{}';
                top := before;
                top_id := before_id;
                FOR part IN 1 .. 2 LOOP
                    SELECT count(*) INTO hits
                    FROM (
                        SELECT m.content, m.translated_content, m.deleted_at
                        FROM messages AS m
                        WHERE (m.created_at, m.id) < (top, top_id)
                        ORDER BY m.created_at DESC
                        LIMIT probed
                    ) AS w
                    WHERE w.deleted_at IS NULL
                        AND search_matches(w.content, w.translated_content, fold, patterns, typed.regexes, loose);
                    IF hits * walked >= missing * probed THEN
                        SELECT array_agg(f.id), min(f.created_at) INTO found, edge
                        FROM (
                            SELECT w.id, w.created_at
                            FROM (
                                SELECT m.id, m.created_at, m.content, m.translated_content, m.deleted_at
                                FROM messages AS m
                                WHERE (m.created_at, m.id) < (top, top_id)
                                ORDER BY m.created_at DESC
                                LIMIT walked
                            ) AS w
                            WHERE w.deleted_at IS NULL
                                AND search_matches(w.content, w.translated_content, fold, patterns, typed.regexes, loose)
                            ORDER BY w.created_at DESC, w.id DESC
                            LIMIT missing
                        ) AS f;
                        -- The last rows walked may be some of many made in the same moment: their order is not known then.
                        SELECT count(*) INTO hits
                        FROM (
                            SELECT
                            FROM messages AS m
                            WHERE m.created_at >= edge AND (m.created_at, m.id) < (top, top_id)
                            LIMIT walked + 1
                        ) AS w;
                        IF cardinality(found) = missing AND hits <= walked THEN
                            page := page || found;
                            EXIT;
                        END IF;
                    END IF;

                    query := search_query(p_query, p_inflected, loose <> '{}');
                    far := NULL;
                    IF part = 1 THEN
                        SELECT count(*), (array_agg(f.id ORDER BY f.created_at DESC, f.id DESC))[:missing] INTO hits, found
                        FROM (
                            SELECT m.id, m.created_at
                            FROM messages AS m
                            WHERE (search_terms(m.content) @@ query OR search_terms(m.translated_content) @@ query)
                                AND (m.created_at + interval '0', m.id) < (top, top_id) AND m.deleted_at IS NULL
                                AND search_matches(m.content, m.translated_content, fold, patterns, typed.regexes, loose)
                            LIMIT fetched
                        ) AS f;
                        IF hits < fetched THEN
                            page := coalesce(found, '{}');
                            EXIT;
                        END IF;
                        -- Frequent, but not among the newest: look for where it begins to be, first ever farther back, then nearer.
                        near := (SELECT m.created_at FROM messages AS m WHERE (m.created_at, m.id) < (top, top_id) ORDER BY m.created_at DESC LIMIT 1);
                        newest := near;
                        oldest := (SELECT m.created_at FROM messages AS m ORDER BY m.created_at LIMIT 1);
                        FOR step IN 1 .. 14 LOOP
                            EXIT WHEN NOT isfinite(newest) OR NOT isfinite(oldest);
                            place := CASE WHEN far IS NULL THEN newest - (newest - oldest) * depths[step] ELSE far + (near - far) / 2 END;
                            EXIT WHEN place IS NULL;
                            SELECT count(*) INTO hits
                            FROM (
                                SELECT m.content, m.translated_content, m.deleted_at
                                FROM messages AS m
                                WHERE (m.created_at, m.id) < (place, first_id)
                                ORDER BY m.created_at DESC
                                LIMIT looked
                            ) AS w
                            WHERE w.deleted_at IS NULL
                                AND search_matches(w.content, w.translated_content, fold, patterns, typed.regexes, loose);
                            IF hits * walked >= missing * looked THEN
                                far := place;
                            ELSE
                                near := place;
                            END IF;
                        END LOOP;
                    END IF;
                    -- the few since then, or all
                    SELECT array_agg(f.id) INTO found
                    FROM (
                        SELECT m.id
                        FROM messages AS m
                        WHERE (search_terms(m.content) @@ query OR search_terms(m.translated_content) @@ query)
                            AND m.created_at >= coalesce(far, '-infinity')
                            AND (m.created_at + interval '0', m.id) < (top, top_id) AND m.deleted_at IS NULL
                            AND search_matches(m.content, m.translated_content, fold, patterns, typed.regexes, loose)
                        ORDER BY m.created_at + interval '0' DESC, m.id DESC
                        LIMIT missing
                    ) AS f;
                    page := page || coalesce(found, '{}');
                    missing := missing - coalesce(cardinality(found), 0);
                    EXIT WHEN far IS NULL OR missing = 0;
                    top := far;
                    top_id := first_id;
                END LOOP;
                missing := wanted - cardinality(exact_page);
            END IF;
            missing := missing - coalesce(cardinality(page), 0);
        END IF;
        IF loose <> '{}' THEN
            loose_page := coalesce(page, '{}');
        ELSE
            exact_page := coalesce(page, '{}');
        END IF;
        EXIT WHEN loose <> '{}' OR typed.loose = '{}' OR missing = 0;
        patterns := typed.patterns;
        loose := typed.loose;
        IF p_before_exact THEN
            before := 'infinity';
            before_id := last_id;
        END IF;
    END LOOP;

    IF p_order = 'newest' THEN
        RETURN QUERY
        SELECT m.id, m.created_at, m.conversation_id, m.room_id, m.sender_type, m.content, m.translated_content,
            f.place <= cardinality(exact_page), NULL::real
        FROM unnest(exact_page || loose_page) WITH ORDINALITY AS f (id, place)
        JOIN messages AS m ON m.id = f.id
        ORDER BY f.place;
    ELSE
        RETURN QUERY
        SELECT m.id, m.created_at, m.conversation_id, m.room_id, m.sender_type, m.content, m.translated_content,
            f.place <= cardinality(exact_page), greatest(
                search_score(m.content, p_query, p_inflected, p_spacing),
                search_score(m.translated_content, p_query, p_inflected, p_spacing)
            ) AS points
        FROM unnest(exact_page || loose_page) WITH ORDINALITY AS f (id, place)
        JOIN messages AS m ON m.id = f.id
        ORDER BY points DESC, f.place
        LIMIT p_limit;
    END IF;
END
$$
