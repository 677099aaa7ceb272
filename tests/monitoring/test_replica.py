"""A real standby, made by pg_basebackup: what reads there, and how far it is behind."""

import os
import shutil
import subprocess
import time
from datetime import timedelta

import pytest
from click.testing import CliRunner
from databases import make_home, remove_home
from operating import NOON
from rows import insert
from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError, InternalError

from app_schema import migrate
from app_schema.cli import main
from app_schema.embedded import EmbeddedServer
from app_schema.engine import connect, create_async_engine, create_engine
from app_schema.memory import Memory
from app_schema.monitoring import replication, snapshot
from app_schema.settings import Settings


@pytest.fixture(scope="module")
def pair():
    """A primary with our schema, and its standby."""
    homes = [make_home(), make_home()]
    primary, standby = (EmbeddedServer(home) for home in homes)
    primary.start()
    try:
        with create_engine(
            primary.url("postgres"), schema="public", isolation_level="AUTOCOMMIT", poolclass=NullPool
        ).connect() as connection:
            connection.execute(text("CREATE DATABASE app_schema"))
            connection.execute(text("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'"))
        primary.stop()
        primary.start()
        migrate.upgrade(create_engine(primary.url(), schema="public", poolclass=NullPool))
        url = primary.url()
        place = {"PGHOST": str(url.query["host"]), "PGUSER": url.username, "PGPASSWORD": url.password}
        command = [primary.programs / "pg_basebackup", "--pgdata", standby.data, "--write-recovery-conf", "--checkpoint=fast"]
        subprocess.run([*command, "--wal-method=stream"], env=os.environ | place, check=True)
        owner = primary.data.stat()
        for path in (standby.data, *standby.data.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
        for name in ("lock", "password"):
            shutil.copy(homes[0] / name, homes[1] / name)
        standby.start()
        yield primary, standby
    finally:
        for home in reversed(homes):
            remove_home(home)


@pytest.fixture
def environment(pair, monkeypatch, tmp_path):
    primary, standby = pair
    for name, server in (("DATABASE_URL", primary), ("DATABASE_READ_URL", standby)):
        monkeypatch.setenv(name, server.url().render_as_string(hide_password=False))
    monkeypatch.setenv("APP_SCHEMA_HOME", str(tmp_path))
    return Settings.from_env()


def take(settings):
    with connect(settings) as connection, Memory.of(settings) as memory:
        return snapshot.take(connection, settings, memory, clock=lambda: NOON)


def arrived(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not (there := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return there  # as it was then: a primary that writes by itself may be ahead again


@pytest.mark.usefixtures("environment")
def test_readers_go_to_the_replica_and_write_nothing():
    with create_engine(poolclass=NullPool).begin() as connection:
        insert(connection, "users", email="first@example.kr")
    with create_engine(read_only=True, poolclass=NullPool).connect() as connection:
        assert connection.scalar(text("SELECT pg_is_in_recovery()"))
        assert arrived(lambda: connection.scalar(text("SELECT count(*) FROM users")) == 1)
    with create_engine(read_only=True, poolclass=NullPool).begin() as connection, pytest.raises(DBAPIError, match="read-only transaction"):
        insert(connection, "users")


@pytest.mark.usefixtures("environment")
async def test_the_async_engine_as_well():
    engine = create_async_engine(read_only=True)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT pg_is_in_recovery()"))
    await engine.dispose()


@pytest.mark.usefixtures("environment")
def test_without_a_replica_reads_are_of_the_primary_and_read_only_all_the_same(monkeypatch):
    monkeypatch.delenv("DATABASE_READ_URL")
    with create_engine(read_only=True, poolclass=NullPool).begin() as connection:
        assert not connection.scalar(text("SELECT pg_is_in_recovery()"))
        with pytest.raises(InternalError, match="read-only transaction"):
            insert(connection, "users")


@pytest.mark.usefixtures("environment")
def test_read_only_in_autocommit_as_well(monkeypatch):
    monkeypatch.delenv("DATABASE_READ_URL")
    engine = create_engine(read_only=True, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args={"options": "-c work_mem=5MB"})
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW work_mem")) == "5MB"
        with pytest.raises(InternalError, match="read-only transaction"):
            insert(connection, "users")


def test_an_address_given_is_the_one_meant(environment):
    with create_engine(
        environment.database_url, read_only=True, execution_options={"logging_token": "x"}, poolclass=NullPool
    ).connect() as connection:
        assert not connection.scalar(text("SELECT pg_is_in_recovery()"))
        assert connection.scalar(text("SHOW transaction_read_only")) == "on"


def links(settings):
    return {link.kind: link for link in take(settings).rows("replication")}


def test_the_lag_is_what_the_replica_lacks(environment, monkeypatch):
    # in one look: the primary writes a little by itself
    assert arrived(lambda: (link := links(environment)["replica"]).lag_seconds == 0 and link.behind_bytes == 0)
    found = links(environment)
    assert (found["replica"].state, found["standby"].state) == ("streaming", "streaming")
    replica = create_engine(environment.database_read_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with replica.connect() as connection:
        connection.execute(text("SELECT pg_wal_replay_pause()"))
        assert arrived(lambda: connection.scalar(text("SELECT pg_get_wal_replay_pause_state()")) == "paused")
        try:
            with create_engine(poolclass=NullPool).begin() as primary:
                primary.execute(text("INSERT INTO logs (level, message) SELECT 'info', repeat('x', 100) FROM generate_series(1, 2000)"))
            time.sleep(0.5)
            behind = links(environment)["replica"]
            assert behind.lag_seconds > 0.4
            assert behind.behind_bytes > 200_000
            monkeypatch.setattr(replication, "RPO", NOON - NOON)
            assert "replica-lag" in {finding.rule for finding in take(environment).alarming}
        finally:
            connection.execute(text("SELECT pg_wal_replay_resume()"))
    assert arrived(lambda: links(environment)["replica"].behind_bytes == 0), links(environment)


def test_the_monitor_runs_on_the_standby_and_the_upkeep_is_refused_there(environment, monkeypatch, run_at):
    monkeypatch.setenv("DATABASE_URL", environment.database_read_url.render_as_string(hide_password=False))
    monkeypatch.delenv("DATABASE_READ_URL")
    found = take(Settings.from_env())
    assert {link.kind for link in found.rows("replication")} == {"self"}
    assert found.rows("tables")
    assert {finding.rule for finding in found.alarming} == {"backup-age"}
    refused = run_at("maintain", "daily")
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert "run this on its primary" in refused.stderr


@pytest.fixture
def run_at():
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_a_replica_that_is_the_primary_is_found(environment):
    found = take(environment.model_copy(update={"database_read_url": environment.database_url}))
    assert "replica-is-none" in {finding.rule for finding in found.alarming}


def test_a_paused_standby_is_behind_for_as_long_as_it_replays_nothing(environment):
    def standby(when):
        with connect(environment) as connection, Memory.of(environment) as memory:
            alone = environment.model_copy(update={"database_read_url": None})  # known by pg_stat_replication only
            found = snapshot.take(connection, alone, memory, clock=lambda: when)
        return found, next(link for link in found.rows("replication") if link.kind == "standby")

    replica = create_engine(environment.database_read_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with replica.connect() as connection:
        connection.execute(text("SELECT pg_wal_replay_pause()"))
        assert arrived(lambda: connection.scalar(text("SELECT pg_get_wal_replay_pause_state()")) == "paused")
        try:
            with create_engine(poolclass=NullPool).begin() as primary:
                primary.execute(text("INSERT INTO logs (level, message) SELECT 'info', repeat('x', 100) FROM generate_series(1, 2000)"))
            assert arrived(lambda: standby(NOON)[1].behind_bytes > 0)
            found, link = standby(NOON + timedelta(minutes=6))
            assert link.stalled_since == NOON
            assert link.lag_seconds >= 360
            assert "replica-lag" in {finding.rule for finding in found.alarming}
        finally:
            connection.execute(text("SELECT pg_wal_replay_resume()"))


def test_a_replica_that_is_away_is_found(environment):
    away = environment.model_copy(update={"database_read_url": environment.database_url.set(query={"host": "/nowhere"})})
    found = take(away)
    assert "replica-away" in {finding.rule for finding in found.alarming}
    assert found.rows("tables")


def test_statements_without_their_constants_and_without_passwords(environment):
    with create_engine(poolclass=NullPool).begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_stat_statements"))
        connection.execute(text("CREATE ROLE counted LOGIN PASSWORD 'c4nary'"))
        connection.execute(text("DROP ROLE counted"))
        connection.execute(text("SELECT count(*) FROM users WHERE email = 'c4nary@example.kr'"))
    (reading,) = [reading for reading in take(environment).readings if reading.topic.name == "queries"]
    assert reading.remarks == ()
    assert 0 < len(reading.rows) <= 10
    assert "c4nary" not in str(reading.rows)
    assert all(row.query[:6].upper() in ("SELECT", "INSERT", "UPDATE", "DELETE") or row.query.startswith("WITH") for row in reading.rows)
    assert sum(row.share_ratio for row in reading.rows) <= 1.0001
