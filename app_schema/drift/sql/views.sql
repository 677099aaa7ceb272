-- Views and materialized views.
SELECT
    CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END AS kind,
    r.relname::text AS relation,
    r.relname::text AS name,
    concat_ws(
        E'\n',
        'with ' || (
            SELECT string_agg(o, ', ' ORDER BY o)
            FROM unnest(r.reloptions) AS o JOIN storage_parameter AS k ON k.name = split_part(o, '=', 1)
        ),
        CASE WHEN NOT r.relispopulated THEN 'with no data' END,
        CASE WHEN r.relpersistence = 't' THEN 'temporary' END,
        'access method ' || (SELECT amname FROM pg_am WHERE oid = r.relam AND amname <> 'heap'),
        'tablespace ' || (SELECT spcname FROM pg_tablespace WHERE oid = r.reltablespace),
        'owner ' || (SELECT pg_get_userbyid(r.relowner) FROM dominant WHERE owner <> r.relowner),
        'comment ' || obj_description(r.oid, 'pg_class'),
        pg_get_viewdef(r.oid)
    ) AS definition
FROM relation AS r
WHERE r.relkind IN ('v', 'm')
