-- What every query of this folder begins with. The bind "schema" is the one to look at; it is also the search_path, so that
-- PostgreSQL itself prints the names of its objects without a schema and nothing needs to be replaced in any text.
WITH accessory AS ( -- belongs to an extension, or came with another object: a row or array type, a range's constructor
    SELECT classid, objid
    FROM pg_depend
    WHERE deptype = 'e' OR (deptype = 'i' AND classid IN ('pg_type'::regclass, 'pg_proc'::regclass, 'pg_cast'::regclass))
),
relation AS ( -- no indexes: they belong to their table; no toast tables: they live in pg_toast
    SELECT c.*
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema
        AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c')
        AND c.relname <> 'alembic_version'
        AND NOT EXISTS (SELECT FROM accessory AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
        AND (c.relkind <> 'c' OR NOT EXISTS (SELECT FROM accessory AS e WHERE e.classid = 'pg_type'::regclass AND e.objid = c.reltype))
),
routine AS (
    SELECT p.*, format('%I(%s)', p.proname, oidvectortypes(p.proargtypes)) AS signature
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = :schema
        AND NOT EXISTS (SELECT FROM accessory AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
),
type AS (
    SELECT t.*
    FROM pg_type AS t
    JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE n.nspname = :schema
        AND NOT EXISTS (SELECT FROM accessory AS e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid)
),
dominant AS ( -- whoever owns most of the schema owns "the schema" here; only other owners are worth a word
    SELECT owner
    FROM (SELECT relowner AS owner FROM relation UNION ALL SELECT proowner FROM routine) AS owned
    GROUP BY owner
    ORDER BY count(*) DESC, owner
    LIMIT 1
),
-- The keys that are compared in lists of key=value. A server may keep keys of its own there (Debian's 15.20 has pg_attver in
-- the options of every column, with another value for each table); they are no part of a definition.
column_option (name) AS (VALUES ('n_distinct'), ('n_distinct_inherited')),
storage_parameter (name) AS ( -- of tables, their TOAST tables, views and PostgreSQL's own kinds of index
    VALUES ('autosummarize'), ('autovacuum_analyze_scale_factor'), ('autovacuum_analyze_threshold'), ('autovacuum_enabled'),
        ('autovacuum_freeze_max_age'), ('autovacuum_freeze_min_age'), ('autovacuum_freeze_table_age'),
        ('autovacuum_multixact_freeze_max_age'), ('autovacuum_multixact_freeze_min_age'), ('autovacuum_multixact_freeze_table_age'),
        ('autovacuum_vacuum_cost_delay'), ('autovacuum_vacuum_cost_limit'), ('autovacuum_vacuum_insert_scale_factor'),
        ('autovacuum_vacuum_insert_threshold'), ('autovacuum_vacuum_max_threshold'), ('autovacuum_vacuum_scale_factor'),
        ('autovacuum_vacuum_threshold'), ('buffering'), ('check_option'), ('deduplicate_items'), ('fastupdate'), ('fillfactor'),
        ('gin_pending_list_limit'), ('log_autovacuum_min_duration'), ('pages_per_range'), ('parallel_workers'), ('security_barrier'),
        ('security_invoker'), ('toast_tuple_target'), ('user_catalog_table'), ('vacuum_cleanup_index_scale_factor'),
        ('vacuum_index_cleanup'),
        ('vacuum_max_eager_freeze_failure_rate'), ('vacuum_truncate')
),
privilege (name) AS (
    VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES'), ('TRIGGER'), ('MAINTAIN'), ('USAGE'), ('CREATE'),
        ('EXECUTE')
)
