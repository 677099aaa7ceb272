-- Rolls ai_request_stats up into ai_usage_daily for the days p_from to p_to (KST, both inclusive, at most 400);
-- returns how many rows it wrote.  Called by `app-schema maintain`; calling it again gives the same rows.
-- Delete-and-insert under a lock rather than an upsert: a group that is no longer there must go too.
CREATE OR REPLACE FUNCTION aggregate_ai_usage(p_from date, p_to date) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    written bigint;
BEGIN
    IF p_from IS NULL OR p_to IS NULL OR NOT isfinite(p_from) OR NOT isfinite(p_to) THEN
        RAISE EXCEPTION 'p_from and p_to must be days' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_from > p_to OR p_to - p_from >= 400 THEN
        RAISE EXCEPTION 'p_from must not be after p_to, nor 400 days or more before it' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    PERFORM pg_advisory_xact_lock(hashtext('app_schema.aggregate_ai_usage'), hashtext(current_schema()));

    DELETE FROM ai_usage_daily WHERE day BETWEEN p_from AND p_to;

    INSERT INTO ai_usage_daily (
        day, user_id, provider, model, operation,
        requests, errors, input_tokens, output_tokens, cache_read_tokens, cost, currency, latency_ms_sum
    )
    SELECT
        s.day_kst, s.user_id, s.provider, s.model, s.operation,
        count(*),
        count(*) FILTER (WHERE s.status NOT IN ('ok', 'cached')),
        sum(s.input_tokens),
        sum(s.output_tokens),
        sum(s.cache_read_tokens),
        sum(s.cost),
        s.currency,
        coalesce(sum(s.latency_ms), 0)
    FROM ai_request_stats AS s
    WHERE s.day_kst BETWEEN p_from AND p_to
        -- The same range once more on the partition key, so that only its months are read.
        AND s.created_at >= p_from::timestamp AT TIME ZONE 'Asia/Seoul'
        AND s.created_at < (p_to + 1)::timestamp AT TIME ZONE 'Asia/Seoul'
    GROUP BY s.day_kst, s.user_id, s.provider, s.model, s.operation, s.currency;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$
