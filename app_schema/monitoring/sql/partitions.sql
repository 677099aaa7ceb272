-- Tables partitioned by month: how many partitions, how many whole months ahead without a gap, and the default one.
WITH bounds AS (
    SELECT
        t.relname AS parent,
        (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = t.oid AND a.attnum = p.partattrs[0]) AS key,
        c.relname AS child,
        pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' AS is_default,
        substring(pg_get_expr(c.relpartbound, c.oid) FROM $re$FROM \('([^']+)'\)$re$)::timestamptz AS lower,
        substring(pg_get_expr(c.relpartbound, c.oid) FROM $re$TO \('([^']+)'\)$re$)::timestamptz AS upper
    FROM pg_class AS t
    JOIN pg_inherits AS i ON i.inhparent = t.oid
    JOIN pg_class AS c ON c.oid = i.inhrelid
    JOIN pg_partitioned_table AS p ON p.partrelid = t.oid AND p.partstrat = 'r'
    WHERE t.relnamespace = to_regnamespace(%(schema)s)
        AND (SELECT a.atttypid FROM pg_attribute AS a WHERE a.attrelid = t.oid AND a.attnum = p.partattrs[0]) = 'timestamptz'::regtype
)
SELECT
    b.parent::text AS "table",
    (count(*) FILTER (WHERE NOT b.is_default))::int AS partitions,
    (
        -- the months after this one, up to the first that is missing
        SELECT coalesce(min(m.number) FILTER (WHERE NOT EXISTS (
            SELECT FROM bounds AS o WHERE o.parent = b.parent AND o.lower <= m.begins AND o.upper > m.begins
        )), 25)::int - 1
        FROM (
            SELECT n AS number,
                (date_trunc('month', %(now)s::timestamptz AT TIME ZONE 'Asia/Seoul') + make_interval(months => n)) AT TIME ZONE 'Asia/Seoul'
            FROM generate_series(1, 24) AS n
        ) AS m (number, begins)
    ) AS ahead,
    min(b.lower) AS oldest,
    max(b.upper) AS newest,
    max(b.child::text) FILTER (WHERE b.is_default) AS fallback,
    max(b.key::text) AS key
FROM bounds AS b
GROUP BY b.parent
ORDER BY b.parent
