-- Invalid indexes of the schema that nobody is building now.  What a failed REINDEX CONCURRENTLY left is named after
-- the index with _ccnew, or _ccold when it was swapped already; the original serves on.
SELECT x.relname::text AS index, x.relname ~ '_cc(new|old)[0-9]*$' AS leftover
FROM pg_index AS i
JOIN pg_class AS x ON x.oid = i.indexrelid
WHERE x.relnamespace = to_regnamespace(%(schema)s) AND x.relkind = 'i' AND pg_has_role(x.relowner, 'USAGE')
    AND NOT (i.indisvalid AND i.indisready AND i.indislive)
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.relid = i.indrelid)
ORDER BY x.relname
