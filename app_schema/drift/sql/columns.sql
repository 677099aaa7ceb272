-- Columns of tables, views and composite types. Their order does not matter: ALTER TABLE can only add at the end.
SELECT
    'column' AS kind,
    r.relname::text AS relation,
    format('%s.%s', r.relname, a.attname) AS name,
    concat_ws(
        E'\n',
        'type ' || format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'not null' END,
        ( -- PostgreSQL 18 keeps NOT NULL as a constraint; its name says nothing, the rest does
            SELECT concat_ws(
                ' ',
                CASE WHEN NOT c.convalidated THEN 'not null not valid' END,
                CASE WHEN c.connoinherit THEN 'not null no inherit' END,
                'not null comment ' || obj_description(c.oid, 'pg_constraint')
            )
            FROM pg_constraint AS c
            WHERE c.conrelid = a.attrelid AND c.contype = 'n' AND c.conkey = ARRAY[a.attnum]
                AND (NOT c.convalidated OR c.connoinherit OR obj_description(c.oid, 'pg_constraint') IS NOT NULL)
        ),
        CASE a.attgenerated WHEN '' THEN 'default ' WHEN 's' THEN 'generated stored ' ELSE 'generated virtual ' END
            || pg_get_expr(d.adbin, d.adrelid),
        CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
        'collation ' || (SELECT nullif(a.attcollation, t.typcollation)::regcollation FROM pg_type AS t WHERE t.oid = a.atttypid),
        'storage ' || (SELECT nullif(a.attstorage, t.typstorage)::text FROM pg_type AS t WHERE t.oid = a.atttypid),
        'compression ' || nullif(a.attcompression, '')::text,
        'statistics ' || nullif(a.attstattarget, -1),
        'options ' || (
            SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(a.attoptions) AS o JOIN column_option AS k ON k.name = split_part(o, '=', 1)
        ),
        'foreign options ' || array_to_string(a.attfdwoptions, ', '),
        'comment ' || col_description(r.oid, a.attnum)
    ) AS definition
FROM relation AS r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind <> 'S'
