"""Up, down and up again; as SQL; in any schema; on every version."""

from pathlib import Path

import pytest
from databases import engine_of, new_database
from programs import alembic
from sqlalchemy import NullPool, create_engine, inspect, text

from app_schema import migrate
from app_schema.engine import quoted
from app_schema.models import metadata

REVISIONS = [f"{number:04}" for number in range(1, int(migrate.head()) + 1)]


def test_up_down_up_leaves_identical_catalogs(programs, empty, schema):
    engine = engine_of(empty)
    migrate.upgrade(engine, schema=schema)
    first = programs.dump(empty, schema)
    assert all(f".{table} " in first for table in metadata.tables)
    migrate.downgrade(engine, "base", schema=schema)
    assert programs.dump(empty, schema).count("CREATE ") == 1  # the schema itself
    assert inspect(engine).get_table_names(schema=schema) == ["alembic_version"]
    migrate.upgrade(engine, schema=schema)
    assert programs.dump(empty, schema) == first


def test_sql_for_psql_gives_the_same_database(programs, empty, schema):
    migrate.upgrade(engine_of(empty), schema=schema)
    script = alembic(None, "-x", f"schema={schema}", "upgrade", "head", "--sql")
    assert script.returncode == 0, script.stderr
    with new_database(programs.url) as other:
        programs.psql(other, script.stdout)
        assert programs.dump(other, schema) == programs.dump(empty, schema)
        with engine_of(other).connect() as connection:
            assert migrate.current(connection, schema=schema) == migrate.head()


def test_each_revision_undoes_itself(programs, empty):
    engine = engine_of(empty)
    for revision, before in zip(REVISIONS, ["base", *REVISIONS], strict=False):
        dump = programs.dump(empty, "public")
        migrate.upgrade(engine, revision)
        migrate.downgrade(engine, before)
        kept = {"0018": "PARTITION"}.get(revision)  # the months stay
        if kept is None:
            assert without_acl(programs.dump(empty, "public")) == without_acl(dump), revision
        migrate.upgrade(engine, revision)


def without_acl(dump):
    # a schema whose grants were all taken back lists its owner's, which it had without saying so
    return "".join(line for line in dump.splitlines(keepends=True) if " ON SCHEMA " not in line)


def test_one_statement_an_execute(empty, schema):
    """With prepare_threshold=0 PostgreSQL refuses several statements in one, as Citus does."""
    engine = create_engine(empty, poolclass=NullPool, connect_args={"prepare_threshold": 0})
    migrate.upgrade(engine, schema=schema)
    migrate.downgrade(engine, "base", schema=schema)


def test_the_documents_own_script_changes_nothing(programs, empty):
    migrate.upgrade(engine_of(empty))
    before = programs.dump(empty, "public")
    programs.psql(empty, (Path(__file__).parent / "create_indexes.sql").read_text())
    assert programs.dump(empty, "public") == before


def test_indexes_have_the_documents_columns_and_directions(connection):
    script = (Path(__file__).parent / "create_indexes.sql").read_text()
    wanted = dict(
        line.removeprefix("CREATE INDEX IF NOT EXISTS ").rstrip(";").split(" ON ") for line in script.splitlines() if "ON" in line
    )
    found = dict(
        connection.execute(
            text("SELECT indexname, tablename || substring(indexdef FROM '\\(.*$') FROM pg_indexes WHERE indexname = ANY (:names)"),
            {"names": list(wanted)},
        ).all()
    )
    assert len(wanted) == 13
    assert found == wanted


@pytest.mark.parametrize("table", ["chat_rooms", "messages", "agents", "agent_sessions", "customer_sessions"])
def test_primary_keys_carry_the_documents_names(connection, table):
    assert inspect(connection).get_pk_constraint(table)["name"] == f"idx_{table}_pk"
    covering = [index for index in inspect(connection).get_indexes(table) if index["column_names"] == ["id"]]
    assert covering == []  # no second index for the same column


@pytest.mark.parametrize("name", ["idx_agents_email", "idx_agent_sessions_token"])
def test_unique_indexes_of_the_document(connection, name):
    definition = connection.scalar(text("SELECT indexdef FROM pg_indexes WHERE indexname = :name"), {"name": name})
    assert definition.startswith(f"CREATE UNIQUE INDEX {name} ")


def test_two_schemas_never_see_each_other(empty):
    engine = engine_of(empty)
    for schema in ("public", 'odd "name'):
        migrate.upgrade(engine, schema=schema)
    elsewhere = engine_of(empty, 'odd "name')
    with engine.begin() as here, elsewhere.begin() as there:
        here.execute(text("INSERT INTO users (email, name) VALUES ('one@example.com', '하나')"))
        assert there.scalar(text("SELECT count(*) FROM users")) == 0
    with engine.begin() as connection:  # a function keeps to its own schema whatever the caller's search_path
        room = connection.scalar(text("INSERT INTO chat_rooms DEFAULT VALUES RETURNING id"))
        foreign = quoted('odd "name')
        sql = f"SELECT {foreign}.record_message(p_content => 'x', p_sender_type => 'customer', p_room_id => :room)"
        with pytest.raises(Exception, match="fk_messages_room_id"), connection.begin_nested():
            connection.execute(text(sql), {"room": room})
    crossing = text("""
        SELECT count(*) FROM pg_depend d
        JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND d.objid = c.oid
        JOIN pg_class r ON d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid
        WHERE c.connamespace <> r.relnamespace AND c.connamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'odd "name'))
    """)
    with engine.connect() as connection:
        assert connection.scalar(crossing) == 0
