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
JOIN pg_am AS m ON m.oid = c.relam
CROSS JOIN LATERAL ( -- as pg_get_indexdef writes them: all, and those that are compared; an extension's kind of index has its own
    SELECT
        string_agg(written, ', ' ORDER BY place) AS written,
        string_agg(written, ', ' ORDER BY place) FILTER (
            WHERE m.amname NOT IN ('btree', 'hash', 'gist', 'gin', 'brin', 'spgist') OR name IN (SELECT k.name FROM storage_parameter AS k)
        ) AS compared
    FROM unnest(c.reloptions) WITH ORDINALITY AS o (setting, place)
    CROSS JOIN LATERAL (SELECT split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value) AS pair
    CROSS JOIN LATERAL concat(
        quote_ident(name), '=', CASE WHEN quote_ident(value) = value THEN value ELSE quote_literal(value) END
    ) AS written
) AS parameters
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN parameters.written IS NOT DISTINCT FROM parameters.compared THEN definition
        ELSE replace(definition, format(' WITH (%s)', parameters.written), coalesce(' WITH (' || parameters.compared || ')', ''))
    END AS full_text
    FROM pg_get_indexdef(c.oid) AS definition
) AS printed
