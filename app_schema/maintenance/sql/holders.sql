-- Sessions that hold locks on tables of the schema, or on some of them with their partitions, since a while ago; strong:
-- only locks that keep out ANALYZE, VACUUM and changes of the definition.
SELECT DISTINCT a.pid, coalesce(nullif(a.application_name, ''), a.usename::text, a.backend_type) AS login, a.xact_start AS began
FROM pg_locks AS l
JOIN pg_stat_activity AS a ON a.pid = l.pid
JOIN pg_class AS c ON c.oid = l.relation
LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
LEFT JOIN pg_class AS r ON r.oid = i.inhparent
WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND c.relnamespace = to_regnamespace(%(schema)s)
    AND (%(tables)s::text[] IS NULL OR c.relname = ANY (%(tables)s::text[]) OR r.relname = ANY (%(tables)s::text[]))
    AND (NOT %(strong)s OR l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))
    AND a.xact_start < now() - %(held)s::interval
ORDER BY a.xact_start
LIMIT 3
