-- Sequences, also those behind serial and identity columns; never the value that one stands at.
SELECT
    'sequence' AS kind,
    r.relname::text AS relation,
    r.relname::text AS name,
    concat_ws(
        E'\n',
        format(
            '%s start %s increment %s from %s to %s cache %s',
            format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache
        ),
        CASE WHEN s.seqcycle THEN 'cycle' END,
        CASE r.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END,
        (
            SELECT format('owned by %s.%s', d.refobjid::regclass, a.attname)
            FROM pg_depend AS d
            JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        ),
        'owner ' || (SELECT pg_get_userbyid(r.relowner) FROM dominant WHERE owner <> r.relowner),
        'comment ' || obj_description(r.oid, 'pg_class')
    ) AS definition
FROM relation AS r
JOIN pg_sequence AS s ON s.seqrelid = r.oid
