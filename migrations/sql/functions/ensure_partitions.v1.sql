-- Makes the partitions of the current month (KST) and of the p_months following ones for logs and
-- ai_request_stats, and of every month of the last ten years whose rows wait in a default partition; those
-- rows move home.  Called daily by `app-schema maintain daily`, by the tables' owner, under lock_timeout.
-- Returns what it made and how many rows moved there; a second call returns nothing and locks no table.
CREATE OR REPLACE FUNCTION ensure_partitions(p_months int DEFAULT 3)
    RETURNS TABLE (partition text, moved bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET lock_timeout = '5s'
AS $$
DECLARE
    this_month constant date := date_trunc('month', now() AT TIME ZONE 'Asia/Seoul')::date;
    earliest constant date := this_month - interval '120 months';
    parent text;
    fallback text;
    columns text;
    first_day date;
    missing date[];
    stranded date[];
    find_stranded text;
BEGIN
    IF p_months IS NULL OR p_months NOT BETWEEN 0 AND 120 THEN
        RAISE EXCEPTION 'p_months must be 0 to 120' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    PERFORM pg_advisory_xact_lock(hashtext('app_schema.partitions'), hashtext(current_schema()));

    FOREACH parent IN ARRAY ARRAY['logs', 'ai_request_stats'] LOOP
        fallback := parent || '_default';

        SELECT array_agg(month::date)
        INTO missing
        FROM generate_series(this_month, this_month + make_interval(months => p_months), interval '1 month') AS month
        WHERE NOT EXISTS (
            SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
            WHERE i.inhparent = parent::regclass AND c.relname = parent || to_char(month, '"_y"YYYY"m"MM')
        );

        find_stranded := format(
            $query$
                SELECT array_agg(DISTINCT date_trunc('month', created_at AT TIME ZONE 'Asia/Seoul')::date)
                FROM %I
                WHERE created_at >= %L AND created_at < %L
            $query$,
            fallback,
            format('%s 00:00:00+09', earliest),
            format('%s 00:00:00+09', (this_month + make_interval(months => p_months + 1))::date)
        );
        EXECUTE find_stranded INTO stranded;
        CONTINUE WHEN missing IS NULL AND stranded IS NULL;

        -- Rows may still arrive: take the lock that CREATE takes anyway, then look once more.
        EXECUTE format('LOCK TABLE ONLY %I, %I IN ACCESS EXCLUSIVE MODE', parent, fallback);
        EXECUTE find_stranded INTO stranded;

        IF stranded IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, fallback);
        END IF;

        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
        INTO columns
        FROM pg_attribute
        WHERE attrelid = parent::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';

        FOREACH first_day IN ARRAY ARRAY(SELECT DISTINCT unnest(missing || stranded) ORDER BY 1) LOOP
            partition := parent || to_char(first_day, '"_y"YYYY"m"MM');
            moved := 0;
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                partition,
                parent,
                -- Without the offset the bound would depend on the caller's time zone, and months would overlap.
                format('%s 00:00:00+09', first_day),
                format('%s 00:00:00+09', (first_day + interval '1 month')::date)
            );
            IF first_day = ANY (stranded) THEN
                EXECUTE format(
                    $query$
                        WITH taken AS (
                            DELETE FROM %1$I
                            WHERE created_at >= %4$L AND created_at < %5$L
                            RETURNING %3$s
                        )
                        INSERT INTO %2$I (%3$s) SELECT %3$s FROM taken
                    $query$,
                    fallback,
                    partition,
                    columns,
                    format('%s 00:00:00+09', first_day),
                    format('%s 00:00:00+09', (first_day + interval '1 month')::date)
                );
                GET DIAGNOSTICS moved = ROW_COUNT;
            END IF;
            RETURN NEXT;
        END LOOP;

        IF stranded IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', parent, fallback);
        END IF;
    END LOOP;
END
$$
