import sys
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import DateTime, func, select, text

from app_schema import seeding
from app_schema.errors import SettingsError
from app_schema.models import metadata
from app_schema.models.choice import Choice
from app_schema.seeding.modules import seeds

NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
IN_THE_FUTURE = {"expires_at", "run_after", "locked_until"}
STATES = [column for table in metadata.tables.values() for column in table.columns if isinstance(column.type, Choice)]


def rows(connection):
    """Every row of every table as text."""
    return {table: connection.scalars(text(f"SELECT row.*::text FROM {table} AS row ORDER BY 1")).all() for table in metadata.tables}


@pytest.fixture
def filled(connection):
    seeding.fill(connection, now=NOW)
    return connection


def test_every_table_holds_what_fill_says(connection):
    written = seeding.fill(connection)
    assert written.keys() == metadata.tables.keys()
    assert min(written.values()) > 0
    assert {table: len(found) for table, found in rows(connection).items()} == written


@pytest.mark.parametrize("column", STATES, ids=str)
def test_every_label_occurs(states, column):
    assert states[column] == set(column.type.labels)


@pytest.fixture(scope="module", params=[("demo", 1), ("demo", 1e-9), ("standard", 0.01), ("busy_clinic", 0.01)], ids=str)
def states(request, migrated):
    scenario, scale = request.param
    with migrated.connect() as connection:  # not kept open: aggregate_ai_usage takes a lock that the next fill waits for
        seeding.fill(connection, scenario=scenario, scale=scale, now=NOW)
        return {column: set(connection.scalars(select(column).distinct())) for column in STATES}


def test_the_same_seed_and_now_give_the_same_rows(migrated):
    def fill_and_look(**options):
        with migrated.connect() as connection, connection.begin() as transaction:
            # neither the clock nor the session's settings show
            connection.execute(text("SET LOCAL TIME ZONE 'America/New_York'"))
            seeding.fill(connection, **options)
            connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
            found = rows(connection)
            transaction.rollback()
        return found

    first = fill_and_look(now=NOW, random_seed=7)
    assert first == fill_and_look(now=NOW.astimezone(), random_seed=7)
    other = fill_and_look(now=NOW, random_seed=8)
    assert [table for table in first if first[table] == other[table]] == []


def test_nothing_happens_in_the_future(filled):
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, DateTime) and column.name not in IN_THE_FUTURE:
                newest = filled.scalar(select(func.max(column)))
                assert newest is None or newest <= NOW, column


def test_nothing_happens_before_its_row(filled):
    for table in metadata.tables.values():
        if "created_at" in table.columns:
            for column in table.columns:
                if isinstance(column.type, DateTime):
                    assert filled.scalar(select(func.count()).where(column < table.c.created_at)) == 0, column


@pytest.mark.parametrize("scale", [0.05, 0.3, 2.5])
def test_other_sizes_hold_every_constraint_too(connection, scale):
    written = seeding.fill(connection, scale=scale)
    assert min(written.values()) > 0


def test_a_failing_fill_leaves_nothing_behind(connection, monkeypatch):
    before = rows(connection)
    messages = seeds("messages")
    original = messages.blocks

    def broken(world):
        yield from original(world)
        raise RuntimeError("broken")

    monkeypatch.setattr(messages, "blocks", broken)
    with pytest.raises(RuntimeError, match="broken"):
        seeding.fill(connection)
    assert rows(connection) == before


def test_who_does_not_own_the_tables_makes_no_partitions(connection):
    connection.execute(text("SET ROLE app_readwrite"))
    written = seeding.fill(connection, now=NOW)
    connection.execute(text("RESET ROLE"))
    past = connection.scalar(text("SELECT count(*) FROM logs_default"))
    assert 0 < past <= written["logs"]  # this month's partition may be there already


def test_fill_if_empty_commits(engine):
    with engine.connect() as connection:
        written = seeding.fill_if_empty(connection)
    with engine.connect() as connection:
        assert {table: len(found) for table, found in rows(connection).items()} == written


def test_fill_if_empty_leaves_a_database_with_users_alone(engine):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO users (email, name) VALUES ('kim@example.kr', '김민수')"))
        before = rows(connection)
    with engine.connect() as connection:
        assert seeding.fill_if_empty(connection) == {}
        assert rows(connection) == before


def test_without_faker_one_line_says_what_to_install(connection, monkeypatch):
    monkeypatch.setitem(sys.modules, "faker", None)
    with pytest.raises(SettingsError, match=r"pip install 'app-schema\[seeds\]'"):
        seeding.fill(connection)


def test_it_is_quick(connection):
    started = time.perf_counter()
    seeding.fill(connection, now=NOW)
    assert time.perf_counter() - started < 5
