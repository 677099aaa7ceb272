-- Whatever else lives in the schema, by name: operators and their classes, collations, conversions, text search
-- configurations and the like; casts that name one of its types; the schema's own comment.
SELECT
    i.type AS kind,
    NULL AS relation,
    pg_describe_object(d.classid, d.objid, 0) AS name,
    concat_ws(
        E'\n',
        (
            SELECT concat_ws(' ', o.oprcode::regprocedure, 'commutator', o.oprcom::regoper, 'negator', o.oprnegate::regoper)
            FROM pg_operator AS o WHERE d.classid = 'pg_operator'::regclass AND o.oid = d.objid
        ),
        (
            SELECT concat_ws(' ', c.collprovider, c.collisdeterministic, c.collcollate, c.collctype)
            FROM pg_collation AS c WHERE d.classid = 'pg_collation'::regclass AND c.oid = d.objid
        ),
        'comment ' || obj_description(d.objid, d.classid::regclass::name)
    ) AS definition
FROM pg_depend AS d
JOIN pg_namespace AS n ON n.oid = d.refobjid AND n.nspname = :schema
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS i
WHERE d.refclassid = 'pg_namespace'::regclass
    AND d.deptype = 'n'
    AND d.classid NOT IN (
        'pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_constraint'::regclass,
        'pg_statistic_ext'::regclass, 'pg_default_acl'::regclass, 'pg_extension'::regclass -- its own owner's business
    )
    AND NOT EXISTS (SELECT FROM accessory AS e WHERE e.classid = d.classid AND e.objid = d.objid)
UNION ALL
SELECT
    'cast',
    NULL,
    format('%s as %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)),
    concat_ws(' ', 'with', nullif(c.castfunc, 0)::regprocedure, c.castcontext, c.castmethod)
FROM pg_cast AS c
WHERE (c.castsource IN (SELECT oid FROM type) OR c.casttarget IN (SELECT oid FROM type))
    AND NOT EXISTS (SELECT FROM accessory AS e WHERE e.classid = 'pg_cast'::regclass AND e.objid = c.oid)
UNION ALL
SELECT 'schema', NULL, 'comment', obj_description(n.oid, 'pg_namespace')
FROM pg_namespace AS n
WHERE n.nspname = :schema AND obj_description(n.oid, 'pg_namespace') <> 'standard public schema'
