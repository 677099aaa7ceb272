-- B-tree indexes of at least 1 MB with the share of their pages that is more than their entries need, by an estimate:
-- entries of the average width that the statistics tell, filled to the fillfactor.  Entries that are equal are stored
-- once (deduplication), so the estimate is too small for those rather than too large.
WITH wide AS (
    SELECT
        i.indexrelid,
        sum(coalesce(s.avg_width * (1 - s.null_frac), 8)) AS width,
        bool_or(coalesce(s.null_frac, 0) > 0) AS nullable,
        -- how often a whole key repeats: as often as its most distinct column at least
        min(CASE WHEN s.n_distinct < 0 THEN -1 / s.n_distinct WHEN s.n_distinct > 0 THEN t.reltuples / s.n_distinct ELSE 1 END) AS repeats
    FROM pg_index AS i
    JOIN pg_class AS t ON t.oid = i.indrelid
    JOIN pg_namespace AS n ON n.oid = t.relnamespace
    CROSS JOIN LATERAL generate_series(1, i.indnatts) AS k
    -- an index of expressions has statistics under its own name
    LEFT JOIN pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum = k
    LEFT JOIN pg_class AS x ON x.oid = i.indexrelid
    LEFT JOIN pg_attribute AS b ON b.attrelid = t.oid AND b.attnum = (i.indkey::int2[])[k - 1]
    LEFT JOIN pg_stats AS s ON s.schemaname = n.nspname
        AND s.tablename = CASE WHEN b.attnum IS NULL THEN x.relname ELSE t.relname END
        AND s.attname = coalesce(b.attname, a.attname) AND NOT s.inherited
    WHERE t.relnamespace = to_regnamespace(%(schema)s) AND pg_has_role(t.relowner, 'USAGE')
    GROUP BY i.indexrelid
)
SELECT
    x.relname::text AS index,
    pg_relation_size(x.oid) AS bytes,
    x.oid::bigint AS number,
    substring(x.reloptions::text FROM 'fillfactor=([0-9]+)')::int AS fillfactor,
    greatest(0, 1 - ceil(
        x.reltuples
        -- a repeated key is written once and then costs 6 bytes a row
        * (CASE WHEN w.repeats >= 3 AND NOT i.indisunique THEN 6 + (8 + w.width) / w.repeats ELSE 4 + 8 * ceil((8 + w.width) / 8) END)
        / (8152 * coalesce(substring(x.reloptions::text FROM 'fillfactor=([0-9]+)')::int, 90) / 100.0) + 1
    ) / greatest(x.relpages, 1))::float8 AS bloat
FROM pg_index AS i
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_am AS a ON a.oid = x.relam AND a.amname = 'btree'
JOIN wide AS w ON w.indexrelid = i.indexrelid
WHERE x.relkind = 'i' AND i.indisvalid AND i.indisready AND x.reltuples >= 0
    AND pg_relation_size(x.oid) >= 1024 * 1024
ORDER BY 2 DESC
