-- The ten statements of this database that took the longest together.  Only those whose constants are replaced by
-- $1: a command such as CREATE ROLE may keep a password as it was typed.
WITH counted AS (
    SELECT s.query, s.calls, s.mean_exec_time, s.total_exec_time, s.rows, s.shared_blks_hit, s.shared_blks_read
    FROM pg_stat_statements AS s
    WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
)
SELECT
    left(regexp_replace(c.query, '\s+', ' ', 'g'), 160) AS query,
    c.calls,
    round(c.mean_exec_time::numeric, 3)::float8 AS mean_milliseconds,
    round(c.total_exec_time::numeric / 1000, 3)::float8 AS total_seconds,
    c.total_exec_time / nullif((SELECT sum(total_exec_time) FROM counted), 0) AS share_ratio,
    c.rows,
    c.shared_blks_hit::float8 / nullif(c.shared_blks_hit + c.shared_blks_read, 0) AS hit_ratio
FROM counted AS c
WHERE c.query ~* '^\s*(/\*.*?\*/\s*)?(select|insert|update|delete|with|merge)\y'
ORDER BY c.total_exec_time DESC
LIMIT 10
