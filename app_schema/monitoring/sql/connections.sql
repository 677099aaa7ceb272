-- Sessions of this database by state, our own left out.
SELECT
    coalesce(a.state, 'hidden') AS state,
    count(*)::int AS connections,
    max(extract(epoch FROM clock_timestamp() - a.xact_start))::float8 AS longest_transaction_seconds,
    (count(*) FILTER (WHERE a.wait_event_type = 'Lock'))::int AS waiting_for_locks,
    (SELECT sum(d.numbackends)::int FROM pg_stat_database AS d) AS server_connections,
    current_setting('max_connections')::int AS max_connections
FROM pg_stat_activity AS a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND (a.backend_type IS NULL OR a.backend_type = 'client backend')
GROUP BY 1
ORDER BY 2 DESC
