"""Servers and databases that cannot be migrated, and migrations that fail: one line, nothing changed."""

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from databases import administrator, engine_of, new_database
from programs import ROOT, alembic
from sqlalchemy import text

from app_schema import migrate, preflight
from app_schema.engine import create_engine
from app_schema.errors import MigrationError, MigratorBusy, RevisionUnknown, ServerUnsuitable
from app_schema.turn import turn

SECRET = "c4nary-Pa55word"


def one_line(done, *parts, code=1):
    """Assert one clear line on stderr, the exit code, and no password anywhere."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("INFO", "WARN"))]
    assert done.returncode == code, done.stderr
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0]
    assert SECRET not in done.stderr + done.stdout


def start_upgrade(url, cwd):
    """Start ``alembic upgrade head`` and go on."""
    return subprocess.Popen(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=cwd,
        env={"DATABASE_URL": url.render_as_string(hide_password=False)},
        stderr=subprocess.PIPE,
        text=True,
    )


def objects(url):
    with engine_of(url).connect() as connection:
        query = "SELECT count(*) FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_|^information')"
        return connection.scalar(text(query))


@pytest.mark.parametrize(
    ("url", "part"),
    [
        (f"postgresql://u:{SECRET}@host", "names no database"),
        (f"postgresql://u:{SECRET}@x@host/db", "percent-encoded"),
        (f"mysql://u:{SECRET}@host/db", "must begin with postgresql://"),
        (SECRET, "is not a URL"),
        (f"postgresql://u:{SECRET}@host:port/db", "is not a URL"),
    ],
)
def test_malformed_url(url, part):
    one_line(alembic(url, "current"), "DATABASE_URL", part, "postgresql://user:password@host:5432/database", code=2)


def test_unreachable_server():
    one_line(alembic(f"postgresql://u:{SECRET}@127.0.0.1:1/db", "current"), "cannot connect", "127.0.0.1:1", "DATABASE_URL")


def test_password_given_as_an_option():
    one_line(alembic(f"postgresql://u@127.0.0.1:1/db?password={SECRET}", "current"), "cannot connect", "127.0.0.1:1/db")


def test_unknown_connection_option():
    one_line(alembic(f"postgresql://u:{SECRET}@127.0.0.1/db?colour=red", "current"), "cannot connect", "colour")


def test_wrong_password(database):
    one_line(alembic(database.set(password=SECRET), "upgrade", "head"), "cannot connect", "check the user and the password")


def test_missing_database(database):
    one_line(alembic(database.set(database="nowhere"), "upgrade", "head"), "nowhere", "app-schema init")


def test_stopped_embedded_server(folder):
    one_line(alembic(None, "current", APP_SCHEMA_HOME=str(folder)), "app-schema up")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_database_that_is_not_utf8(server, encoding):
    with new_database(server, options=f"ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C'") as url:
        one_line(alembic(url, "upgrade", "head"), encoding, "needs UTF8", "CREATE DATABASE")
        assert objects(url) == 0


def test_server_that_is_too_old(database, monkeypatch):
    """No PostgreSQL 14 installs beside the others, so the bar is lifted over a real server instead."""
    monkeypatch.setattr(preflight, "OLDEST", 99)
    with pytest.raises(ServerUnsuitable, match=r"the server is PostgreSQL \d\d; app_schema needs 99 or newer"):
        migrate.upgrade(engine_of(database))
    assert objects(database) == 0


def test_read_only_server(server, database):
    with administrator(server) as connection:
        connection.execute(text(f"ALTER DATABASE {database.database} SET default_transaction_read_only = on"))
    one_line(alembic(database, "upgrade", "head"), "read-only")
    assert alembic(database, "current").returncode == 0  # looking is allowed
    assert objects(database) == 0


def test_revision_of_newer_code(database):
    engine = engine_of(database)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    one_line(alembic(database, "upgrade", "head"), "revision 9999", "update app_schema")
    one_line(alembic(database, "current"), "revision 9999")
    with pytest.raises(RevisionUnknown, match="9999"):
        migrate.downgrade(engine, "base")


def test_target_that_does_not_exist(database):
    with pytest.raises(RevisionUnknown, match="0999"):
        migrate.upgrade(engine_of(database), "0999")
    assert objects(database) == 0


@pytest.mark.parametrize("name", ["pg_mine", "", "x" * 64, "information_schema", "$user"])
def test_schema_names_that_postgresql_refuses(database, name):
    one_line(alembic(database, "-x", f"schema={name}", "upgrade", "head"), "schema", code=2)
    assert objects(database) == 0


def test_two_migrators_at_once(engine):
    with engine.connect() as first, turn(first, "public", wait=0):
        with pytest.raises(MigratorBusy, match=r"another migration of schema public has been running for 0\.2 s"):
            migrate.downgrade(engine, "base", wait=0.2)
        migrate.upgrade(engine, schema="elsewhere", wait=0)  # another schema's turn is its own
    migrate.upgrade(engine, wait=0)


def test_six_concurrent_upgrades_all_succeed(database):
    running = [start_upgrade(database, ROOT) for _ in range(6)]
    ends = [(process.communicate()[1], process.returncode) for process in running]
    assert [code for _, code in ends] == [0] * 6, ends
    with engine_of(database).connect() as connection:
        migrate.check(connection)


BROKEN = '''"""Fail half-way.

Locks: none.
Downgrade: loses nothing.
"""

from alembic import op

from app_schema import objects

revision = "9001"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE half (id int)")
    op.execute("INSERT INTO users (email, name) VALUES ('{secret}', '{secret}')")


def downgrade() -> None:
    op.execute("DROP TABLE half")
'''


@pytest.fixture
def checkout(folder):
    """A copy of the migrations to spoil."""
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    shutil.copy(ROOT / "alembic.ini", folder)
    return folder


def test_migration_that_fails_half_way(checkout, database):
    (checkout / "migrations/versions/9001_fail.py").write_text(BROKEN.format(head=migrate.head(), secret=SECRET))
    one_line(
        alembic(database, "upgrade", "head", cwd=checkout), "revision 9001_fail failed and was rolled back", "ck_users_email_lower_case"
    )
    with engine_of(database).connect() as connection:
        assert migrate.current(connection) == migrate.head()
        migrate.check(connection)


def give_up_soon(checkout):
    """Let the checkout's migrations wait 200 ms for a lock."""
    env = (checkout / "migrations/env.py").read_text()
    assert "{LOCK_TIMEOUT}" in env
    (checkout / "migrations/env.py").write_text(env.replace("{LOCK_TIMEOUT}", "200ms"))


def until(engine, *, waiting):
    """Wait until somebody waits for a lock, and return since when that statement runs; or until nobody does."""
    query = text("SELECT min(query_start) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    deadline = time.monotonic() + 30
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looking:
        while ((since := looking.scalar(query)) is not None) != waiting:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    return since


LOCKING = (
    BROKEN.split("def upgrade", maxsplit=1)[0]
    + """def upgrade() -> None:
    objects.concurrently(
        "DROP INDEX CONCURRENTLY IF EXISTS idx_users_phone", "CREATE INDEX CONCURRENTLY idx_users_phone ON users (phone)"
    )


def downgrade() -> None:
    op.execute("DROP INDEX idx_users_phone")
"""
)


def test_concurrent_index_builds_do_not_deadlock(checkout, database):
    migrate.upgrade(engine_of(database))
    (checkout / "migrations/versions/9001_index.py").write_text(LOCKING.format(head=migrate.head()))
    running = [start_upgrade(database, checkout) for _ in range(3)]
    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in running]
    assert [code for _, code in ends] == [0] * 3, ends


def test_index_build_waits_for_an_old_snapshot(checkout, database):
    """Longer than lock_timeout, since such a wait blocks nobody."""
    engine = engine_of(database)
    migrate.upgrade(engine)
    (checkout / "migrations/versions/9001_index.py").write_text(LOCKING.format(head=migrate.head()))
    give_up_soon(checkout)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
        reader.execute(text("SELECT 1 FROM users"))
        building = start_upgrade(database, checkout)
        since = until(engine, waiting=True)
        with pytest.raises(subprocess.TimeoutExpired):
            building.wait(timeout=1)
        assert until(engine, waiting=True) == since
        reader.rollback()
    err = building.communicate(timeout=30)[1]
    assert building.returncode == 0, err


def test_a_server_that_hangs_up_on_idle_sessions(server, engine):
    with administrator(server) as connection:
        connection.execute(text(f"ALTER DATABASE {engine.url.database} SET idle_session_timeout = '500ms'"))
    with engine.connect() as first, turn(first, "public", wait=0):
        first.execute(text("SET idle_session_timeout = 0"))
        first.commit()
        with pytest.raises(MigratorBusy):  # after waiting longer than the server would
            migrate.upgrade(engine, wait=1.2)
        with pytest.raises(MigratorBusy):  # and the lock is still held
            migrate.upgrade(engine, wait=0)


def test_alembic_check_tells_drift_line_by_line_and_exits_3(engine):
    url = engine.url
    assert alembic(url, "check").returncode == 0
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX idx_messages_room_id"))
    done = alembic(url, "check")
    assert done.returncode == 3
    assert "missing index idx_messages_room_id" in done.stderr
    one_line(alembic(url, "-x", "schema=not_there", "check"), "not_there", "is at revision none", code=3)


def test_threads_of_a_process_take_turns(database):
    schemas = ["one", "two", "three"]
    engine = engine_of(database)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda schema: migrate.upgrade(engine, schema=schema), schemas))
    with engine.connect() as connection:
        assert [migrate.current(connection, schema=schema) for schema in schemas] == [migrate.head()] * 3


@pytest.mark.parametrize("wait", ["soon", "nan", "-1"])
def test_waits_that_are_no_seconds(database, wait):
    one_line(alembic(database, "-x", f"wait={wait}", "upgrade", "head"), "-x wait= takes a number of seconds", code=2)


def test_owner_of_a_schema_alone_can_migrate_it(server, database):
    """Without the right to create schemas in the database."""
    name = f"tenant_{database.database}"
    with engine_of(database).begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'"))
        connection.execute(text(f"CREATE SCHEMA ty AUTHORIZATION {name}"))
    try:
        done = alembic(database.set(username=name, password=SECRET), "-x", "schema=ty", "upgrade", "head")
        assert done.returncode == 0, done.stderr
    finally:
        with engine_of(database).begin() as connection:
            connection.execute(text(f"DROP OWNED BY {name} CASCADE"))
        with administrator(server) as connection:
            connection.execute(text(f"DROP ROLE {name}"))


def test_a_lock_that_is_given_up_and_taken_later(checkout, database):
    """lock_timeout lets the others pass, and the migration comes back for it."""
    engine = engine_of(database)
    migrate.upgrade(engine)
    text_of = (
        BROKEN.split("def upgrade", maxsplit=1)[0] + 'def upgrade() -> None:\n    op.execute("ALTER TABLE users ADD COLUMN x int")\n\n\n'
    )
    (checkout / "migrations/versions/9001_add.py").write_text(text_of.format(head=migrate.head()) + "def downgrade() -> None:\n    pass\n")
    give_up_soon(checkout)
    with engine.connect() as holder:
        holder.execute(text("LOCK users"))
        waiting = start_upgrade(database, checkout)
        until(engine, waiting=True)
        until(engine, waiting=False)
        assert waiting.poll() is None
        holder.rollback()
    waiting.communicate(timeout=30)
    assert waiting.returncode == 0
    with engine.connect() as connection:
        assert (
            connection.scalar(text("SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'x'")) == 1
        )


def test_user_who_may_not_create(server, database):
    with administrator(server) as connection:
        connection.execute(text(f"CREATE ROLE plain_{database.database} LOGIN PASSWORD '{SECRET}'"))
    try:
        poor = database.set(username=f"plain_{database.database}", password=SECRET)
        one_line(alembic(poor, "upgrade", "head"), "permission denied", f"grant user plain_{database.database} CREATE")
        assert objects(database) == 0
    finally:
        with administrator(server) as connection:
            connection.execute(text(f"DROP ROLE plain_{database.database}"))


def test_the_failing_revision_is_named(database):
    engine = engine_of(database)
    migrate.upgrade(engine, "0024")
    with engine.begin() as connection:
        connection.execute(text("DROP VIEW room_history"))
    with pytest.raises(MigrationError) as caught:
        migrate.upgrade(engine)
    assert "revision 0025_grant failed and was rolled back" in str(caught.value)


def test_a_callers_connection_is_left_as_it_was(engine):
    show = text(
        "SELECT concat_ws('/', current_setting('search_path'), current_setting('lock_timeout'), current_setting('statement_timeout'))"
    )
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = '7s'"))
        before = connection.scalar(show)
        connection.commit()
        migrate.upgrade(connection, schema="elsewhere")
        assert connection.scalar(show) == before
        assert connection.dialect.default_schema_name == "public"
        with pytest.raises(MigrationError, match="in a transaction"):  # the scalar above began one
            migrate.upgrade(connection, schema="elsewhere")


def test_a_pool_gets_no_changed_connection(database):
    pooled = create_engine(database, pool_size=1)
    show = text("SELECT concat_ws('/', current_setting('search_path'), current_setting('lock_timeout'))")
    with pooled.connect() as connection:
        before = connection.scalar(show)
    migrate.upgrade(pooled, schema="elsewhere")
    with pooled.connect() as connection:
        assert connection.scalar(show) == before
    pooled.dispose()
