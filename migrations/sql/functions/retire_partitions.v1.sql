-- Drops the month partitions of logs or ai_request_stats that ended p_keep ago or longer; returns their names.
-- Called by cleanup_logs and by `app-schema maintain`, by the table's owner.  Dropping a month costs milliseconds
-- and gives its space back, where a DELETE gives back nothing.  The default partition is never dropped.
-- Time zone and date style are pinned, since the bounds are read from their text.
CREATE OR REPLACE FUNCTION retire_partitions(p_table text, p_keep interval) RETURNS SETOF text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET datestyle = 'ISO, YMD'
    SET timezone = 'UTC'
    SET lock_timeout = '5s'
AS $$
DECLARE
    month_partition text;
BEGIN
    IF p_table IS NULL OR p_table NOT IN ('logs', 'ai_request_stats') THEN
        RAISE EXCEPTION 'p_table must be logs or ai_request_stats' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_keep IS NULL OR p_keep < interval '1 day' THEN
        RAISE EXCEPTION 'p_keep must be at least 1 day' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    PERFORM pg_advisory_xact_lock(hashtext('app_schema.partitions'), hashtext(current_schema()));

    FOREACH month_partition IN ARRAY ARRAY(
        SELECT c.relname
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = p_table::regclass
            AND c.relname ~ '_y[0-9]{4}m[0-9]{2}$'
            AND substring(pg_get_expr(c.relpartbound, c.oid) FROM $re$TO \('([^']+)'\)$re$)::timestamptz <= now() - p_keep
        ORDER BY c.relname
    ) LOOP
        EXECUTE format('DROP TABLE %I', month_partition);
        RETURN NEXT month_partition;
    END LOOP;
END
$$
