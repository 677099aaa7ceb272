"""The rules that keep a tenant's schema distributable (docs/adr/0001), asked of the catalog.

Each query returns what breaks its rule. They run in a named schema, as a tenant's is.
"""

import pytest
from databases import engine_of, new_database
from sqlalchemy import text

from app_schema import migrate

RELATIONS = "SELECT c.* FROM pg_class c WHERE c.relnamespace = 'tenant'::regnamespace"
FUNCTIONS = "SELECT p.* FROM pg_proc p WHERE p.pronamespace = 'tenant'::regnamespace"
TRIGGERS = f"SELECT t.* FROM pg_trigger t JOIN ({RELATIONS}) c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
USED = f"""
    SELECT DISTINCT f.oid, f.proname, f.prosrc, f.proconfig, d.classid FROM ({FUNCTIONS}) f
    JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid
    WHERE d.classid IN ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_trigger'::regclass,
                        'pg_rewrite'::regclass)
"""
RULES = {
    "foreign keys stay in the schema": """
        SELECT k.conname FROM pg_constraint k
        JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b ON b.oid = k.confrelid
        WHERE k.contype = 'f' AND a.relnamespace <> b.relnamespace""",
    "no inheritance but partitioning": f"""
        SELECT c.relname FROM ({RELATIONS}) c JOIN pg_inherits i ON i.inhrelid = c.oid
        JOIN pg_class p ON p.oid = i.inhparent WHERE p.relkind = 'r' AND c.relkind = 'r'""",
    "no sub-partitions": f"SELECT relname FROM ({RELATIONS}) c WHERE relkind = 'p' AND relispartition",
    "partitions stay in the schema": """
        SELECT a.relname FROM pg_inherits i JOIN pg_class a ON a.oid = i.inhrelid JOIN pg_class b ON b.oid = i.inhparent
        WHERE a.relnamespace <> b.relnamespace""",
    "no foreign tables": f"SELECT relname FROM ({RELATIONS}) c WHERE relkind = 'f'",
    "no rules": f"SELECT r.rulename FROM pg_rewrite r JOIN ({RELATIONS}) c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'",
    "every table has a primary key": f"""
        SELECT relname FROM ({RELATIONS}) c WHERE relkind IN ('r', 'p') AND NOT relispartition
        AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)""",
    "triggers are BEFORE ROW": f"SELECT tgname FROM ({TRIGGERS}) t WHERE tgtype & 1 = 0 OR tgtype & 2 = 0",
    "trigger functions only assign": f"""
        SELECT f.proname FROM ({FUNCTIONS}) f JOIN ({TRIGGERS}) t ON t.tgfoid = f.oid WHERE f.prosrc ~*
        '\\m(select|insert|update|delete|notify|pg_notify|pg_advisory\\w*|tg_table_name|tg_relname|perform|current_setting)\\M'""",
    "functions that name objects pin search_path": f"""
        SELECT u.proname || ' names ' || n.name FROM ({USED}) u
        JOIN (SELECT relname AS name FROM ({RELATIONS}) c WHERE relkind IN ('r', 'p', 'v', 'm')
              UNION SELECT proname FROM ({FUNCTIONS}) f) n ON u.prosrc ~* ('\\m' || n.name || '\\M') AND n.name <> u.proname
        WHERE NOT EXISTS (SELECT FROM unnest(u.proconfig) x WHERE x LIKE 'search_path=%')""",
    "functions called per row read no table": f"""
        SELECT u.proname FROM ({USED}) u JOIN ({RELATIONS}) c ON c.relkind IN ('r', 'p', 'v', 'm')
        AND u.prosrc ~* ('\\m(from|join|update|into)\\s+' || c.relname || '\\M') WHERE u.classid <> 'pg_trigger'::regclass""",
    "no sequences": f"SELECT relname FROM ({RELATIONS}) c WHERE relkind = 'S'",
    "no identity columns": f"""
        SELECT c.relname || '.' || a.attname FROM ({RELATIONS}) c JOIN pg_attribute a ON a.attrelid = c.oid WHERE a.attidentity <> ''""",
    "no composite-typed columns": f"""
        SELECT c.relname || '.' || a.attname FROM ({RELATIONS}) c JOIN pg_attribute a ON a.attrelid = c.oid
        JOIN pg_type y ON y.oid = a.atttypid WHERE a.attnum > 0 AND y.typtype = 'c' AND c.relkind IN ('r', 'p')""",
    "no materialized views": f"SELECT relname FROM ({RELATIONS}) c WHERE relkind = 'm'",
    "no schema name in a function": f"SELECT proname FROM ({FUNCTIONS}) f WHERE prosrc ~* '\\m(tenant|public)\\.'",
    "every foreign key has an index": """
        SELECT k.conname FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'tenant'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1] AND i.indisvalid
            AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'))""",
    "every jsonb column checks its type": f"""
        SELECT c.relname || '.' || a.attname FROM ({RELATIONS}) c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relkind IN ('r', 'p') AND a.atttypid = 'jsonb'::regtype AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)
            AND pg_get_constraintdef(k.oid) ~ 'jsonb_typeof')""",
    "neither timestamp nor json": f"""
        SELECT c.relname || '.' || a.attname FROM ({RELATIONS}) c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relkind IN ('r', 'p') AND a.atttypid IN ('timestamp'::regtype, 'json'::regtype)""",
}
BREAK = """
    CREATE TABLE tenant.parent (id int, body json, at timestamp, extra jsonb, whole tenant.users, n int GENERATED ALWAYS AS IDENTITY);
    CREATE TABLE public.elsewhere (id int PRIMARY KEY);
    CREATE TABLE tenant.child (elsewhere int REFERENCES public.elsewhere) INHERITS (tenant.parent);
    CREATE TABLE tenant.parted (id int, at date) PARTITION BY RANGE (at);
    CREATE TABLE tenant.parted_sub PARTITION OF tenant.parted DEFAULT PARTITION BY LIST (id);
    CREATE TABLE public.parted_far PARTITION OF tenant.parted_sub DEFAULT;
    CREATE RULE quiet AS ON DELETE TO tenant.parent DO INSTEAD NOTHING;
    CREATE MATERIALIZED VIEW tenant.stale AS SELECT 1 AS one;
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
    CREATE FOREIGN TABLE tenant.far (id int) SERVER far;
    CREATE FUNCTION tenant.bump() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN UPDATE tenant.users SET name = name; RETURN NULL; END';
    CREATE TRIGGER bump AFTER INSERT ON tenant.messages FOR EACH ROW EXECUTE FUNCTION tenant.bump();
    CREATE FUNCTION tenant.names(text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT count(*) FROM users); END';
    CREATE INDEX by_names ON tenant.users (tenant.names(name));
"""


@pytest.fixture(scope="module")
def tenant(server):
    with new_database(server) as url:
        migrate.upgrade(engine_of(url), schema="tenant")
        with engine_of(url).connect() as connection:
            yield connection


@pytest.mark.parametrize("rule", RULES)
def test_nothing_breaks_a_rule(tenant, rule):
    assert tenant.execute(text(RULES[rule].replace(":", r"\:"))).scalars().all() == []


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_broken(tenant, rule):
    with tenant.begin_nested() as savepoint:
        for statement in BREAK.split(";\n")[:-1]:
            tenant.execute(text(statement))
        assert tenant.execute(text(RULES[rule].replace(":", r"\:"))).scalars().all() != []
        savepoint.rollback()
    tenant.rollback()
