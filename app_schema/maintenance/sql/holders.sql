-- Sessions that have held the partitioned tables, or parts of them, since before the attempt that was just given up.
SELECT DISTINCT a.pid, a.application_name AS application, a.usename::text AS login, a.xact_start AS began
FROM pg_locks AS l
JOIN pg_stat_activity AS a ON a.pid = l.pid
JOIN pg_class AS c ON c.oid = l.relation
LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND coalesce(i.inhparent, c.oid) IN (to_regclass('logs'), to_regclass('ai_request_stats'))
    AND a.xact_start < now() - interval '4 seconds'
ORDER BY a.xact_start
LIMIT 3
