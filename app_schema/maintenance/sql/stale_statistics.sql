-- Tables whose statistics are stale, the stalest first: never analysed, or changed in a twentieth of their rows.  Of a partitioned table the parent, which autovacuum never analyses, by what its partitions
-- changed.  By reltuples and not by last_analyze, which a reset of the statistics forgets;
-- and without the size, which waits for whoever holds the table.
WITH leaf AS (
    SELECT
        coalesce(i.inhparent, c.oid) AS root,
        greatest(c.reltuples, 0) AS rows,
        c.reltuples < 0 AS never,
        coalesce(s.n_mod_since_analyze, 0) AS changed
    FROM pg_class AS c
    LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
    LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid
    WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'm') AND pg_has_role(c.relowner, 'USAGE')
)
SELECT r.relname::text AS "table"
FROM leaf AS l
JOIN pg_class AS r ON r.oid = l.root
GROUP BY r.oid, r.relname, r.relkind, r.reltuples
HAVING bool_or(l.never)
    OR sum(l.changed) > 100 + 0.05 * sum(l.rows)
    OR (r.relkind = 'p' AND r.reltuples < 0)
ORDER BY bool_or(l.never) DESC, sum(l.changed) DESC, r.relname
