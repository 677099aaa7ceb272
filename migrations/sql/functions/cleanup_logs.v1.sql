-- Forgets logs older than p_keep: drops whole months, then deletes one batch of at most p_batch of the rows
-- left over (in the month the limit falls into, and in the default partition).  Called by `app-schema maintain daily`,
-- which repeats and commits until both counts are 0.  A call that dropped a month deletes nothing: it holds logs in
-- ACCESS EXCLUSIVE, so it ends at once.  By (id, created_at): a ctid repeats between partitions.
CREATE OR REPLACE FUNCTION cleanup_logs(p_keep interval DEFAULT '30 days', p_batch int DEFAULT 5000)
    RETURNS TABLE (dropped_partitions int, deleted_rows bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET lock_timeout = '5s'
AS $$
BEGIN
    IF p_keep IS NULL OR p_keep < interval '1 day' THEN
        RAISE EXCEPTION 'p_keep must be at least 1 day' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'p_batch must be 1 to 100000' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    SELECT count(*) INTO dropped_partitions FROM retire_partitions('logs', p_keep);
    IF dropped_partitions > 0 THEN
        deleted_rows := 0;
        RETURN NEXT;
        RETURN;
    END IF;

    WITH batch AS MATERIALIZED (
        SELECT l.id, l.created_at
        FROM logs AS l
        WHERE l.created_at < now() - p_keep
        ORDER BY l.created_at, l.id
        LIMIT p_batch
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM logs AS l
    USING batch AS b
    WHERE l.id = b.id
        AND l.created_at = b.created_at
        -- Follows from the line above, and keeps a big month from being read whole.
        AND l.created_at BETWEEN (SELECT min(m.created_at) FROM batch AS m) AND (SELECT max(m.created_at) FROM batch AS m);
    GET DIAGNOSTICS deleted_rows = ROW_COUNT;

    RETURN NEXT;
END
$$
