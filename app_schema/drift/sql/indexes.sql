-- Indexes. The name of an index's partition is PostgreSQL's own choice, so those go by their parent's name.
SELECT
    'index' AS kind,
    r.relname::text AS relation,
    coalesce(r.relname || '.' || parent.relname, c.relname::text) AS name,
    concat_ws(
        E'\n',
        CASE WHEN i.indisunique THEN 'unique' END,
        substr(full_text, strpos(full_text, ' USING ') + 1),
        CASE WHEN i.indisprimary THEN 'primary key' END,
        CASE WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'invalid' END,
        CASE WHEN NOT i.indimmediate THEN 'deferrable' END,
        CASE WHEN i.indisclustered THEN 'clustered' END,
        CASE WHEN i.indisreplident THEN 'replica identity' END,
        'statistics ' || (
            SELECT string_agg(format('%s of column %s', a.attstattarget, a.attnum), ', ' ORDER BY a.attnum)
            FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attstattarget >= 0
        ),
        'tablespace ' || (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace),
        'comment ' || obj_description(c.oid, 'pg_class')
    ) AS definition
FROM relation AS r
JOIN pg_index AS i ON i.indrelid = r.oid
JOIN pg_class AS c ON c.oid = i.indexrelid
LEFT JOIN pg_inherits AS h ON h.inhrelid = c.oid
LEFT JOIN pg_class AS parent ON parent.oid = h.inhparent
CROSS JOIN LATERAL pg_get_indexdef(c.oid) AS full_text
