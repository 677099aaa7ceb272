"""A server may keep values of its own in the catalogs: those that we do not know are no difference, and others are named."""

import pytest
from sqlalchemy import text

from app_schema import drift
from app_schema.errors import DriftFound, ServerUnsuitable
from app_schema.models import metadata

# what Debian's 15.20 does in pg_attribute, here on every server and wherever else a catalog has a list of key=value
OWN_VALUES = """
    UPDATE pg_attribute a SET attoptions = array_append(attoptions, 'pg_attver=' || a.attrelid)
        FROM pg_class c WHERE c.oid = a.attrelid AND c.relnamespace = quote_ident(current_schema())::regnamespace
            AND c.relkind NOT IN ('S', 'i', 'I') AND a.attnum > 0;
    UPDATE pg_class SET reloptions = array_append(reloptions, 'pg_relver=' || oid)
        WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'i', 'I');
    UPDATE pg_proc SET proconfig = array_append(proconfig, 'pg_procver=' || oid)
        WHERE pronamespace = quote_ident(current_schema())::regnamespace AND prokind = 'f'
"""
A_VALUE_OF_ITS_OWN = """
    CREATE SCHEMA elsewhere;
    CREATE FUNCTION elsewhere.own() RETURNS event_trigger LANGUAGE plpgsql AS $$
    DECLARE made record;
    BEGIN
        FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LOOP
            EXECUTE format('ALTER TABLE %s ALTER COLUMN id SET STATISTICS %s', made.objid::regclass, 1 + made.objid::bigint % 9999);
        END LOOP;
    END $$;
    CREATE EVENT TRIGGER own ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION elsewhere.own()
"""


def test_values_that_a_server_keeps_for_itself_are_no_difference(place):
    connection, schema = place
    connection.execute(text(OWN_VALUES))
    assert drift.differences(connection, metadata, schema) == []


def test_what_is_known_is_noticed_beside_them(connection):
    connection.execute(text("ALTER TABLE users ALTER name SET (n_distinct = -0.1); ALTER TABLE users SET (fillfactor = 71)"))
    connection.execute(text("ALTER INDEX idx_users_status SET (fillfactor = 72); ALTER FUNCTION claim_room(uuid) SET work_mem = '7MB'"))
    connection.execute(text(OWN_VALUES))
    found = {str(each).partition(": has ")[0]: each.found for each in drift.differences(connection, metadata, "public")}
    assert found.keys() == {
        "changed column users.name",
        "changed table users",
        "changed index idx_users_status",
        "changed function claim_room(uuid)",
    }
    assert "n_distinct=-0.1" in found["changed column users.name"]
    assert not [definition for definition in found.values() if "ver=" in definition]


def test_a_server_that_makes_two_schemas_differ_is_named_and_the_user_is_not_blamed(connection):
    connection.execute(text(A_VALUE_OF_ITS_OWN))
    with pytest.raises(ServerUnsuitable) as caught:
        drift.check(connection, metadata, "public")
    [line] = str(caught.value).splitlines()
    assert "is not known well enough" in line
    assert "pg_attribute.attstattarget" in line
    assert connection.scalar(text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'drift%'")) == 0


def test_the_guard_is_silent_where_only_the_schema_differs(connection):
    connection.execute(text("ALTER TABLE users ALTER name SET STATISTICS 7"))
    with pytest.raises(DriftFound, match=r"(?m)^  changed column users\.name: has statistics 7$"):
        drift.check(connection, metadata, "public")
