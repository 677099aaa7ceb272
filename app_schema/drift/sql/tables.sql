-- Tables: plain, partitioned and foreign ones.
SELECT
    'table' AS kind,
    r.relname::text AS relation,
    r.relname::text AS name,
    concat_ws(
        E'\n',
        'partitioned by ' || pg_get_partkeydef(r.oid),
        CASE r.relkind
            WHEN 'f' THEN (
                SELECT concat_ws(' ', 'foreign table of', s.srvname, array_to_string(f.ftoptions, ', '))
                FROM pg_foreign_table AS f JOIN pg_foreign_server AS s ON s.oid = f.ftserver
                WHERE f.ftrelid = r.oid
            )
        END,
        CASE r.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END,
        'with ' || (
            SELECT string_agg(o, ', ' ORDER BY o)
            FROM unnest(r.reloptions) AS o JOIN storage_parameter AS k ON k.name = split_part(o, '=', 1)
        ),
        'with toast ' || (
            SELECT string_agg(o, ', ' ORDER BY o)
            FROM pg_class AS t CROSS JOIN unnest(t.reloptions) AS o JOIN storage_parameter AS k ON k.name = split_part(o, '=', 1)
            WHERE t.oid = r.reltoastrelid
        ),
        CASE WHEN r.relrowsecurity THEN 'row security enabled' END,
        CASE WHEN r.relforcerowsecurity THEN 'row security forced' END,
        CASE r.relreplident
            WHEN 'n' THEN 'replica identity nothing' WHEN 'f' THEN 'replica identity full' WHEN 'i' THEN 'replica identity index'
        END,
        'inherits ' || (
            SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits AS i
            WHERE i.inhrelid = r.oid AND NOT r.relispartition
        ),
        'of type ' || nullif(r.reloftype, 0)::regtype,
        'access method ' || (SELECT amname FROM pg_am WHERE oid = r.relam AND amname <> 'heap'),
        'tablespace ' || (SELECT spcname FROM pg_tablespace WHERE oid = r.reltablespace),
        'owner ' || (SELECT pg_get_userbyid(r.relowner) FROM dominant WHERE owner <> r.relowner),
        'comment ' || obj_description(r.oid, 'pg_class')
    ) AS definition
FROM relation AS r
WHERE r.relkind IN ('r', 'p', 'f')
