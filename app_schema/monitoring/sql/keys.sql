-- Foreign keys of the schema whose columns begin no valid index that the key can use.
SELECT
    k.conname::text AS key,
    t.relname::text AS "table",
    (
        SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY c.position)
        FROM unnest(k.conkey) WITH ORDINALITY AS c (number, position)
        JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.number
    ) AS columns,
    k.confrelid::regclass::text AS parent,
    t.relkind = 'p' AS partitioned
FROM pg_constraint AS k
JOIN pg_class AS t ON t.oid = k.conrelid
WHERE k.contype = 'f' AND k.conparentid = 0 AND t.relnamespace = to_regnamespace(%(schema)s)
    AND NOT EXISTS (
        SELECT FROM pg_index AS i
        WHERE i.indrelid = k.conrelid AND i.indisvalid
            -- the key's own query, column = $1, implies that the column is not null
            AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%%I IS NOT NULL)', (
                SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1])))
            -- an int2vector counts from 0
            AND (i.indkey::int2[])[0:array_length(k.conkey, 1) - 1] @> k.conkey
    )
ORDER BY 2, 1
