-- Every index of the schema with what it is made of; those of partitions are summed into their parent's.
-- keys: one text a key column: what is indexed, in which order, operator class and collation.
SELECT
    x.relname::text AS name,
    t.relname::text AS "table",
    x.oid::bigint AS number,
    a.amname::text AS kind,
    i.indisprimary AS is_primary,
    i.indisunique AS is_unique,
    i.indisvalid AND i.indisready AND i.indislive AS valid,
    x.relkind = 'I' AS partitioned,
    ARRAY(
        SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid, k, false), (i.indclass::oid[])[k - 1], (i.indcollation::oid[])[k - 1],
            -- one column is read backwards as easily; of several the order counts
            CASE WHEN i.indnkeyatts > 1 AND k > 1 THEN (i.indoption::int2[])[k - 1] END)
        FROM generate_series(1, i.indnkeyatts) AS k
    ) AS keys,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    sum(pg_relation_size(leaf.index_oid))::bigint AS size_bytes,
    coalesce(sum(s.idx_scan), 0)::bigint AS scans,
    coalesce(sum(u.n_tup_ins + u.n_tup_upd - u.n_tup_hot_upd), 0)::bigint AS entries_written
FROM pg_index AS i
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_class AS t ON t.oid = i.indrelid
JOIN pg_am AS a ON a.oid = x.relam
CROSS JOIN LATERAL (
    SELECT i.indexrelid, i.indrelid WHERE x.relkind = 'i'
    UNION ALL
    SELECT h.inhrelid, l.indrelid FROM pg_inherits AS h JOIN pg_index AS l ON l.indexrelid = h.inhrelid WHERE h.inhparent = i.indexrelid
) AS leaf (index_oid, table_oid)
LEFT JOIN pg_stat_user_indexes AS s ON s.indexrelid = leaf.index_oid
LEFT JOIN pg_stat_user_tables AS u ON u.relid = leaf.table_oid
WHERE t.relnamespace = to_regnamespace(%(schema)s)
    -- a partition's own index counts with its parent's, unless it has none or is broken
    AND (NOT t.relispartition OR NOT x.relispartition)
GROUP BY x.relname, t.relname, x.oid, a.amname, i.indexrelid, i.indrelid, i.indisprimary, i.indisunique, i.indisvalid, i.indisready,
    i.indislive, x.relkind, i.indnkeyatts, i.indclass, i.indcollation, i.indoption, i.indpred
ORDER BY size_bytes DESC, x.relname
