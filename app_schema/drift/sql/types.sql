-- Domains (their CHECKs are constraints), enums, ranges, composite types (their attributes are columns), base types.
SELECT
    CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' ELSE 'type' END AS kind,
    NULL AS relation,
    t.typname::text AS name,
    concat_ws(
        E'\n',
        CASE t.typtype WHEN 'd' THEN 'as ' || format_type(t.typbasetype, t.typtypmod) WHEN 'c' THEN 'composite' WHEN 'p' THEN 'shell' END,
        CASE WHEN t.typnotnull THEN 'not null' END,
        'default ' || t.typdefault,
        'collation ' || (SELECT nullif(t.typcollation, b.typcollation)::regcollation FROM pg_type AS b WHERE b.oid = t.typbasetype),
        'labels ' || (
            SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid
        ),
        (
            SELECT concat_ws(
                ' ',
                'of', format_type(g.rngsubtype, NULL), 'operator class', o.opcname,
                'collation ' || nullif(g.rngcollation, 0)::regcollation,
                'canonical ' || nullif(g.rngcanonical, 0)::regproc,
                'difference ' || nullif(g.rngsubdiff, 0)::regproc,
                'multirange ' || format_type(g.rngmultitypid, NULL)
            )
            FROM pg_range AS g JOIN pg_opclass AS o ON o.oid = g.rngsubopc
            WHERE g.rngtypid = t.oid
        ),
        CASE WHEN t.typtype = 'b' THEN concat_ws(' ', t.typinput, t.typoutput, t.typlen, t.typalign, t.typstorage) END,
        'owner ' || (SELECT pg_get_userbyid(t.typowner) FROM dominant WHERE owner <> t.typowner),
        'comment ' || coalesce(obj_description(t.oid, 'pg_type'), obj_description(t.typrelid, 'pg_class'))
    ) AS definition
FROM type AS t
