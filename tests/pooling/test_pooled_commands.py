"""Commands behind a pooler in transaction mode: those that need a session go past it or refuse; nothing of theirs stays on it."""

import os

import psycopg
import pytest
from click.testing import CliRunner
from databases import engine_of
from pooler import pgbouncer
from programs import alembic
from sqlalchemy import text

from app_schema import migrate
from app_schema.cli import main
from app_schema.engine import connect_to, create_engine
from app_schema.errors import SessionRequired

SESSIONS = (
    ["db", "upgrade"],
    ["db", "downgrade", "base", "--yes"],
    ["db", "check"],
    ["init"],
    ["seed", "--scale", "0.01"],
    ["maintain", "daily"],
    ["optimize"],
    ["backup", "dump"],
    ["backup", "snapshot"],
    ["backup", "masked"],
    ["backup", "base"],
    ["backup", "wal"],
    ["backup", "wal", "--status"],
)
TRANSACTIONS = (
    ["monitor"],
    ["monitor", "--format", "json"],
    ["monitor", "--failed", "dump"],
    ["monitor", "--succeeded", "dump"],
    ["status"],
    ["search", "예약"],
    ["db", "current"],
)
STATE = """
    SELECT jsonb_build_object(
        'settings', (SELECT jsonb_object_agg(name, setting) FROM pg_settings WHERE source = 'session' AND name <> 'client_encoding'
            AND name NOT IN ('application_name', 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'transaction_read_only')),
        'locks', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
        'prepared', (SELECT count(*) FROM pg_prepared_statements)
    )
"""
CURE = "set DATABASE_DIRECT_URL to the address of the server itself"
CLEAN = {"settings": None, "locks": 0, "prepared": 0}


@pytest.fixture(scope="module")
def bouncer(server):
    with pgbouncer(server, pool_size=1) as url:
        yield url


@pytest.fixture
def pooled(engine, bouncer):
    return bouncer.set(database=engine.url.database)


@pytest.fixture
def state(pooled):
    """What the pooler's one connection holds, as the next client finds it."""

    def look():
        address = pooled.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, prepare_threshold=None) as connection:
            return connection.execute(STATE).fetchone()[0]

    return look


@pytest.fixture
def run(pooled, engine, tmp_path):
    """Run a command through the pooler; ``direct`` says where the server itself is."""
    backups = tmp_path / "backups"
    backups.mkdir(mode=0o700)

    def run(*arguments, direct=False, schema="public"):
        where = {
            "DATABASE_URL": pooled.render_as_string(hide_password=False),
            "DATABASE_DIRECT_URL": engine.url.render_as_string(hide_password=False) if direct else None,
            "APP_SCHEMA_SCHEMA": schema,
            "APP_SCHEMA_HOME": str(tmp_path / "home"),
            "APP_SCHEMA_BACKUP_DIR": str(backups),
        }
        result = CliRunner().invoke(main, arguments, env=where)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


def refuses(result):
    return result.exit_code == 2 and result.stderr.splitlines()[-1].endswith(CURE)


def test_what_needs_a_session_refuses_in_one_line(run, state):
    for arguments in SESSIONS:
        result = run(*arguments)
        assert refuses(result), (arguments, result.output)
        assert result.stderr.splitlines()[-1].startswith("error: ")
        assert state() == CLEAN, arguments


def test_the_direct_address_is_used_where_it_is_given(run, state, engine):
    for arguments in (["db", "check"], ["db", "upgrade"], ["seed", "--scale", "0.01", "--yes"], ["maintain", "daily"], ["backup", "dump"]):
        result = run(*arguments, direct=True)
        assert result.exit_code == 0, (arguments, result.output)
        assert state() == CLEAN, arguments
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM users"))
    for arguments in (["restore", "dump", "latest", "--to", "another"], ["restore", "drill"]):
        result = run(*arguments)
        assert refuses(result), (arguments, result.output)
        assert state() == CLEAN, arguments


@pytest.mark.parametrize("schema", ["public", "tenant_a"])
@pytest.mark.parametrize("direct", [False, True])
def test_what_only_looks_works_and_leaves_no_trace(run, state, engine, schema, direct):
    migrate.upgrade(engine, schema=schema)
    for arguments in TRANSACTIONS:
        result = run(*arguments, direct=direct, schema=schema)
        assert result.exit_code in (0, 3), (arguments, result.output)
        assert "could not be read" not in result.output
        assert state() == CLEAN, arguments


@pytest.mark.parametrize("command", ["upgrade head", "check"])
def test_alembic_refuses(pooled, state, command):
    done = alembic(pooled, *command.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"{CURE}\n")
    assert state() == CLEAN


def test_alembic_takes_the_direct_address(pooled, engine):
    done = alembic(pooled, "check", DATABASE_DIRECT_URL=engine.url.render_as_string(hide_password=False))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("hand_over", ["engine", "connection"])
def test_migrating_from_python_refuses(pooled, state, hand_over):
    engine = create_engine(pooled, schema="public")
    with engine.connect() as connection, pytest.raises(SessionRequired):
        migrate.upgrade(engine if hand_over == "engine" else connection, schema="tenant_a")
    engine.dispose()
    assert state() == CLEAN


@pytest.mark.parametrize("hand_over", ["engine", "connection"])
def test_another_schema_is_migrated_through_a_tenants_engine(database, hand_over):
    """The engine's own schema is left alone, and chosen again afterwards."""
    engine = create_engine(database, schema="tenant_a")
    with engine.connect() as connection:
        migrate.upgrade(engine if hand_over == "engine" else connection, "0005", schema="tenant_b")
        assert connection.scalar(text("SELECT to_regclass('users')")) is None
        assert connection.scalar(text("SELECT to_regclass('tenant_b.users')")) == "tenant_b.users"
    engine.dispose()
    with engine_of(database).connect() as connection:
        assert migrate.current(connection, schema="tenant_b") == "0005"
        assert migrate.current(connection, schema="tenant_a") is None


def test_a_pooler_in_session_mode_passes(server):
    with pgbouncer(server, pool_size=3, pool_mode="session") as url, connect_to(url.set(database="postgres")) as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_pooler_with_several_connections_is_recognised(server):
    with pgbouncer(server, pool_size=5) as url, pytest.raises(SessionRequired), connect_to(url.set(database="postgres")):
        pass


def test_a_direct_address_alone_is_refused(engine):
    result = CliRunner().invoke(main, ["status"], env={"DATABASE_URL": None, "DATABASE_DIRECT_URL": str(engine.url)})
    assert (result.exit_code, "set DATABASE_URL too" in result.stderr) == (2, True)
    assert "DATABASE_DIRECT_URL" not in os.environ
