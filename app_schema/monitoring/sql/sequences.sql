-- Sequences that count up, with the limit of the column that they belong to when it is narrower.
WITH found AS (
    SELECT
        format('%%I.%%I', s.schemaname, s.sequencename) AS sequence,
        s.last_value,
        least(s.max_value, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END) AS "limit"
    FROM pg_sequences AS s
    JOIN pg_class AS c ON c.relname = s.sequencename AND c.relkind = 'S'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = s.schemaname
    LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
        AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE s.increment_by > 0 AND s.last_value IS NOT NULL AND NOT s.cycle
)
SELECT sequence, last_value, "limit", last_value::float8 / "limit" AS used_ratio
FROM found
ORDER BY used_ratio DESC, sequence
LIMIT 20
