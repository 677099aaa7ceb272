-- Functions, procedures and aggregates: all that CREATE FUNCTION can say.
SELECT
    CASE f.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
    NULL AS relation,
    f.signature AS name,
    concat_ws(
        E'\n',
        'arguments ' || nullif(pg_get_function_arguments(f.oid), ''),
        'returns ' || pg_get_function_result(f.oid),
        'language ' || l.lanname,
        CASE f.prokind WHEN 'w' THEN 'window' END,
        CASE f.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' WHEN 'v' THEN 'volatile' END,
        CASE WHEN f.proisstrict THEN 'strict' END,
        CASE WHEN f.prosecdef THEN 'security definer' END,
        CASE WHEN f.proleakproof THEN 'leakproof' END,
        CASE f.proparallel WHEN 's' THEN 'parallel safe' WHEN 'r' THEN 'parallel restricted' END,
        'cost ' || f.procost,
        'rows ' || nullif(f.prorows, 0),
        'support ' || nullif(f.prosupport, 0),
        'transforms ' || array_to_string(f.protrftypes, ', '),
        ( -- SET search_path FROM CURRENT left the schema's name here: it reads as the schema itself
            SELECT string_agg('set ' || CASE
                WHEN s.setting IN ('search_path=' || quote_ident(:schema), format('search_path="%s"', replace(:schema, '"', '""')))
                    THEN 'search_path to this schema'
                ELSE s.setting
            END, E'\n' ORDER BY s.setting)
            FROM unnest(f.proconfig) AS s (setting)
            CROSS JOIN LATERAL split_part(s.setting, '=', 1) AS parameter
            WHERE parameter LIKE '%.%' OR pg_settings_get_flags(parameter) IS NOT NULL -- an extension's, or one that this server has
        ),
        'transition ' || nullif(a.aggtransfn, 0)::regprocedure || ' on ' || format_type(a.aggtranstype, NULL),
        'final ' || nullif(a.aggfinalfn, 0)::regprocedure,
        'combine ' || nullif(a.aggcombinefn, 0)::regprocedure,
        'initial ' || a.agginitval,
        'library ' || f.probin,
        'owner ' || (SELECT pg_get_userbyid(f.proowner) FROM dominant WHERE owner <> f.proowner),
        'comment ' || obj_description(f.oid, 'pg_proc'),
        coalesce(pg_get_function_sqlbody(f.oid), f.prosrc)
    ) AS definition
FROM routine AS f
JOIN pg_language AS l ON l.oid = f.prolang
LEFT JOIN pg_aggregate AS a ON a.aggfnoid = f.oid
