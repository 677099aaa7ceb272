"""Each topic sees the fault that it is there for, and a fresh database has none."""

import shutil
import threading
import time
from datetime import timedelta

import pytest
from operating import NOON, rules
from rows import insert
from sqlalchemy import text

from app_schema.monitoring import connections, disk, indexes, replication, vacuum


def test_a_fresh_database_lacks_only_a_backup(look):
    found = look()
    assert {finding.rule for finding in found.alarming} == {"backup-age"}
    # the documents name both, and a composite index covers each: shown among the indexes, and no news
    assert {row.name for row in found.rows("indexes") if row.covered_by} == {"idx_chat_rooms_agent_id", "idx_messages_room_id"}
    assert not {finding for finding in found.findings if finding.rule == "index-redundant"}
    assert found.rows("keys") == found.rows("sequences") == ()
    assert {row.table for row in found.rows("partitions")} == {"logs", "ai_request_stats"}
    assert all(row.ahead >= 3 for row in found.rows("partitions"))
    assert found.rows("disk")[0].what == "data"


def test_growth_is_measured_from_the_last_look(engine, look):
    assert {row.growth_bytes for row in look().rows("tables")} == {None}
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO logs (level, message) SELECT 'info', repeat('x', 500) FROM generate_series(1, 2000)"))
    grown = {row.table: row.growth_bytes for row in look(NOON + timedelta(hours=1)).rows("tables")}
    assert grown["logs"] > 1_000_000
    assert grown["users"] == 0
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM logs"))  # or autovacuum adds a map of what is visible, at a moment of its own
    look(NOON + timedelta(days=6))
    (week,) = [row for row in look(NOON + timedelta(days=7)).rows("tables") if row.table == "logs"]
    assert (week.growth_bytes, week.growth_of_day_bytes) == (0, 0)
    assert week.growth_of_week_bytes > 1_000_000


FAULTS = {
    "key-unindexed": "CREATE TABLE fault (user_id uuid REFERENCES users)",
    "index-duplicate": "CREATE INDEX fault ON messages (room_id, created_at DESC)",
    "index-redundant": "CREATE INDEX fault ON users (locale); CREATE INDEX fault_longer ON users (locale, id)",
    "index-invalid": "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_users_status'::regclass",
    "sequence-ending": "CREATE TABLE fault (id smallint GENERATED ALWAYS AS IDENTITY); SELECT setval('fault_id_seq', 30000)",
    "slot-inactive": "SELECT pg_create_physical_replication_slot('{slot}', true)",
}


@pytest.mark.parametrize("rule", FAULTS)
def test_faults_are_found(engine, look, rule):
    slot = f"slot_{engine.url.database}"
    with engine.begin() as connection:
        for statement in FAULTS[rule].format(slot=slot).split("; "):
            connection.execute(text(statement.replace("::", r"\:\:")))
    try:
        found = [finding for finding in look().findings if finding.rule == rule]
        assert len(found) == 1, found
        assert all(finding.command and finding.means for finding in found)
    finally:
        if rule == "slot-inactive":
            with engine.begin() as connection:
                connection.execute(text("SELECT pg_drop_replication_slot(:slot)"), {"slot": slot})


@pytest.mark.parametrize(
    "harmless",
    [
        "CREATE TABLE fine (user_id uuid REFERENCES users); CREATE INDEX ON fine (user_id, ctid) WHERE user_id IS NOT NULL",
        "CREATE UNIQUE INDEX fine ON users (id, email)",  # the primary key is no prefix of use to be dropped
        "CREATE INDEX fine ON users (locale) WHERE deleted_at IS NULL; CREATE INDEX fine_longer ON users (locale, id)",
        "CREATE TABLE fine (id bigint GENERATED ALWAYS AS IDENTITY); SELECT setval('fine_id_seq', 3000000000)",
    ],
)
def test_what_is_as_it_should_be_is_left_alone(engine, look, harmless):
    before = rules(look()) - {"slot-inactive"}  # tests beside this one make and drop slots
    with engine.begin() as connection:
        for statement in harmless.replace("(user_id, ctid)", "(user_id)").split("; "):
            connection.execute(text(statement))
    assert rules(look()) - {"slot-inactive"} == before


def test_rows_of_a_default_partition_and_missing_months(engine, look):
    with engine.begin() as connection:
        insert(connection, "logs", created_at="2019-01-01T00:00:00Z")
        for name in connection.scalars(text("SELECT tablename FROM table_sizes WHERE tablename LIKE 'ai_request_stats_y%'")).all():
            connection.execute(text(f"DROP TABLE {name}"))
    says = {finding.rule: finding.says for finding in look().findings}
    assert says["default-partition"] == "logs: 1 rows in the default partition"
    assert says["partitions-ahead"] == "ai_request_stats: 0 months ahead"


def test_rows_of_the_future_that_no_upkeep_moves(engine, look):
    """And what it says to run finds them."""
    with engine.begin() as connection:
        insert(connection, "logs", created_at="2099-01-01T00:00:00Z")
    [found] = [finding for finding in look().findings if finding.rule.startswith("default-partition")]
    assert (found.rule, found.says) == ("default-partition-future", "logs: 1 rows of the default partition are of the future")
    query = found.command.removeprefix("psql: ").partition(", then")[0]
    with engine.connect() as connection:
        assert len(connection.execute(text(query.replace(":", r"\:"))).all()) == 1


def test_what_to_run_on_a_partitioned_table_can_be_run(engine, look):
    with engine.begin() as connection:
        connection.execute(text("CREATE INDEX twice ON logs (created_at, level)"))
        connection.execute(text("CREATE INDEX twice_again ON logs (created_at, level)"))
        connection.execute(text("CREATE TABLE visits (room uuid REFERENCES chat_rooms, at timestamptz) PARTITION BY RANGE (at)"))
        connection.execute(text("CREATE TABLE visits_now PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')"))
    commands = {(each.rule, each.subject): each.command for each in look().findings}
    drop, index = commands["index-duplicate", "twice_again"], commands["key-unindexed", "visits_room_fkey"]
    assert "maintain" not in commands["partitions-ahead", "visits"]
    with engine.begin() as connection:
        for command in (drop, index):
            connection.execute(text(command.removeprefix("psql: ").partition(";")[0]))
    assert not {"index-duplicate", "key-unindexed"} & rules(look())


def test_an_index_is_called_unused_only_after_a_week(look, monkeypatch):
    first = look()
    assert "index-unused" not in rules(first)
    assert {row.use for row in first.rows("indexes")} <= {"primary", "unique", "used", "unknown"}
    assert any("too short a time" in remark for reading in first.readings for remark in reading.remarks)
    monkeypatch.setattr(indexes, "LONG_ENOUGH", timedelta())
    assert "idx_users_status" in {finding.subject for finding in look().findings if finding.rule == "index-unused"}


def test_a_transaction_that_was_forgotten(engine, look, monkeypatch):
    monkeypatch.setattr(connections, "LONG", timedelta(seconds=0.2))
    with engine.connect() as forgotten:
        forgotten.execute(text("SELECT 1"))
        time.sleep(0.3)
        found = look()
    assert [finding.subject for finding in found.findings if finding.rule == "long-transaction"] == ["idle in transaction"]
    (row,) = [row for row in found.rows("connections") if row.state == "idle in transaction"]
    assert row.longest_transaction_seconds > 0.2


def test_who_waits_for_a_lock_is_counted_and_the_monitor_waits_for_nobody(engine, look):
    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"))

        def wait():
            with engine.connect() as waiter:
                waiter.execute(text("SELECT count(*) FROM messages"))

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.3)
        begun = time.monotonic()
        found = look()
        assert time.monotonic() - begun < 5
        holder.rollback()
        thread.join()
    assert sum(row.waiting_for_locks for row in found.rows("connections")) == 1
    assert any("lock timeout" in remark for reading in found.readings for remark in reading.remarks)  # said, not hidden


def test_dead_rows_and_wraparound(engine, look, monkeypatch):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE fault (n int) WITH (autovacuum_enabled = off)"))
        connection.execute(text("INSERT INTO fault SELECT generate_series(1, 20000)"))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM fault WHERE n % 2 = 0"))
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
    monkeypatch.setattr(vacuum, "OLD_AGE", 0)
    found = look()
    assert "fault: 10,000 dead rows, 50% of it" in {finding.says for finding in found.findings}
    assert "wraparound" in rules(found)


def test_statements_are_listed_where_they_are_counted_and_the_way_is_told_elsewhere(look):
    (reading,) = [reading for reading in look().readings if reading.topic.name == "queries"]
    assert reading.rows or "shared_preload_libraries" in reading.remarks[0]


def test_statements_that_are_created_and_not_loaded(engine, look):
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION pg_stat_statements"))
    (reading,) = [reading for reading in look().readings if reading.topic.name == "queries"]
    assert reading.whole
    assert reading.rows == ()
    assert "created but not loaded: put shared_preload_libraries" in reading.remarks[0]


@pytest.mark.parametrize(("full", "severity"), [(0, "warning"), (2, None)])
def test_a_full_disk(look, monkeypatch, full, severity):
    monkeypatch.setattr(disk, "FULL", full)
    monkeypatch.setattr(disk, "NEARLY_NONE", 2)
    found = look()
    assert [finding.severity for finding in found.findings if finding.rule == "disk-full"] == ([severity] if severity else [])
    (row,) = found.rows("disk")
    usage = shutil.disk_usage(row.path)
    assert row.used_ratio == pytest.approx(usage.used / (usage.used + usage.free), abs=0.01)


def test_a_slot_that_keeps_too_much(engine, look, monkeypatch):
    monkeypatch.setattr(replication, "RETAINED", -1)
    slot = f"slot_{engine.url.database}"
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_create_physical_replication_slot(:slot, true)"), {"slot": slot})
    try:
        (finding,) = [finding for finding in look().findings if finding.subject == slot]
        assert (finding.rule, finding.severity) == ("slot-retention", "critical")
        assert f"pg_drop_replication_slot('{slot}')" in finding.command
    finally:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_drop_replication_slot(:slot)"), {"slot": slot})
