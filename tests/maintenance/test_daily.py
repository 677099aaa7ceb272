"""The day's routine, against a database that needs all of it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from databases import administrator
from rows import insert
from sqlalchemy import text

from app_schema import patience
from app_schema.engine import connect
from app_schema.errors import MaintenanceBusy
from app_schema.maintenance import step
from app_schema.maintenance.plan import PLANS
from app_schema.maintenance.run import carry_out
from app_schema.maintenance.step import Work
from app_schema.turn import MAINTENANCE, turn

NOW = datetime.now(UTC)
COMMAND = [sys.executable, "-c", "from app_schema.cli import main; main()"]


def count(engine, table, where="true"):
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {where}"))


@pytest.fixture
def carry(settings, memory):
    def carry(name="daily", budget=600.0):
        with connect(settings) as connection:
            outcomes = carry_out(connection, settings, memory, PLANS[name]._replace(budget=budget))
        return {outcome.step: outcome for outcome in outcomes}

    return carry


def test_a_day_does_what_there_is_to_do_and_the_next_finds_nothing(engine, carry):
    with engine.begin() as connection:
        insert(connection, "logs", created_at=NOW - timedelta(days=400))  # its month is missing: the default partition
        insert(connection, "logs", created_at=NOW - timedelta(days=31))
        insert(connection, "logs", created_at=NOW)
        insert(connection, "sessions", created_at=NOW - timedelta(days=2), expires_at=NOW - timedelta(days=1))
        insert(connection, "agent_sessions", created_at=NOW - timedelta(days=2), expires_at=NOW - timedelta(days=1))
        insert(connection, "customer_sessions", last_active=NOW - timedelta(days=60))
        insert(connection, "ai_request_stats", created_at=NOW - timedelta(days=10))
        execution = insert(connection, "workflow_executions", status="running")
        connection.execute(
            text("UPDATE workflow_executions SET heartbeat_at = now() - interval '1 hour' WHERE id = :id"), {"id": execution}
        )
        room = insert(connection, "chat_rooms")
        insert(connection, "messages", room_id=room)  # by a writer that does not call record_message()
    done = carry()
    assert {outcome.state for outcome in done.values()} == {"done"}, done
    assert done["partitions"].said.endswith("rows moved home")
    assert count(engine, "logs_default") == count(engine, "ai_request_stats_default") == 0
    assert count(engine, "logs") == 1
    assert count(engine, "sessions") == count(engine, "agent_sessions") == count(engine, "customer_sessions") == 0
    assert count(engine, "workflow_executions", "status = 'running'") == 0
    assert count(engine, "chat_rooms", "last_message_at IS NOT NULL") == 1
    assert count(engine, "ai_usage_daily") == 1
    again = carry()
    assert again["partitions"].said == "3 months ahead are there"
    assert again["logs"].said == "0 months dropped, 0 rows deleted"
    assert again["analyze"].said == again["vacuum"].said == "nothing asks for it"
    assert again["last-messages"].said == "0 rooms and 0 conversations brought up to date"
    assert again["ai-usage"].said == "every day is rolled up"


def test_late_rows_are_rolled_up_and_others_are_left(engine, carry):
    with engine.begin() as connection:
        connection.execute(text("SELECT ensure_partitions(0)"))
        insert(connection, "ai_request_stats", created_at=NOW - timedelta(days=20), input_tokens=10)
        insert(connection, "ai_request_stats", created_at=NOW - timedelta(days=5))
    carry()
    with engine.begin() as connection:
        first = connection.execute(text("SELECT id, day FROM ai_usage_daily ORDER BY day")).all()
        insert(connection, "ai_request_stats", created_at=NOW - timedelta(days=20), input_tokens=5)  # came late
    assert carry()["ai-usage"].said.startswith("1 days rolled up")
    with engine.connect() as connection:
        after = connection.execute(text("SELECT id, day, requests, input_tokens FROM ai_usage_daily ORDER BY day")).all()
    assert (after[0].requests, after[0].input_tokens) == (2, 15)
    assert after[1][:2] == tuple(first[1])  # the other day was not written again


def test_requests_are_rolled_up_before_their_month_is_dropped(engine, carry):
    old = NOW - timedelta(days=500)
    with engine.begin() as connection:
        insert(connection, "ai_request_stats", created_at=old, input_tokens=7)
        connection.execute(text("SELECT ensure_partitions(0)"))
    said = carry("weekly")["ai-requests"].said
    assert "dropped ai_request_stats_y" in said
    assert count(engine, "ai_request_stats") == 0
    assert count(engine, "ai_usage_daily", "input_tokens = 7") == 1


def test_a_failed_step_is_reported_and_stops_no_other(engine, run):
    with engine.begin() as connection:
        insert(connection, "agent_sessions", created_at=NOW - timedelta(days=2), expires_at=NOW - timedelta(days=1))
        connection.execute(text("DROP FUNCTION cleanup_sessions(int)"))
    done = run("maintain", "daily")
    assert done.exit_code == 1
    assert done.stderr == "error: 1 of 10 steps failed: sessions; the others were done\n"
    assert "function cleanup_sessions(integer) does not exist" in done.stdout.replace("smallint", "integer")
    assert count(engine, "agent_sessions") == 0
    steps = json.loads(run("maintain", "daily", "--json").stdout)
    assert [step["step"] for step in steps if step["state"] == "failed"] == ["sessions"]
    assert all(step["seconds"] >= 0 for step in steps)


def test_one_at_a_time_on_a_database(engine, carry, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    name = str(engine.url.database)
    busy = pytest.raises(MaintenanceBusy, match=rf"another maintenance of database {name} has been running for 0\.2 s \(process \d+ of the")
    with engine.connect() as other, turn(other, name, wait=0, task=MAINTENANCE):
        with busy:
            carry()
        assert set(carry("monthly")) == {"drill", "review"}  # which wait for no upkeep
    assert carry("optimize")["analyze"].state == "done"  # the lock went with its holder


def test_another_maintenance_is_waited_for(engine, carry, monkeypatch, caplog):
    monkeypatch.setattr(patience, "QUIET", 0.0)
    begun = threading.Event()

    def hold():
        with engine.connect() as other, turn(other, str(engine.url.database), wait=0, task=MAINTENANCE):
            begun.set()
            while not caplog.messages:
                time.sleep(0.02)

    holder = threading.Thread(target=hold)
    holder.start()
    assert begun.wait(60)
    assert carry("optimize")["analyze"].state == "done"
    holder.join()
    [line] = caplog.messages
    assert line.startswith(f"waiting for another maintenance of database {engine.url.database} (process ")
    assert line.endswith("), at most 4 h")


def fill_logs(engine, rows):
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO logs (created_at, level, message)"
                " SELECT now() - interval '30 days' - n * interval '1 microsecond', 'info', 'x' FROM generate_series(1, :rows) AS n"
            ),
            {"rows": rows},
        )


def test_the_budget_holds_and_the_next_run_goes_on(engine, carry, monkeypatch):
    monkeypatch.setattr("app_schema.maintenance.batches.BATCH", 100)
    fill_logs(engine, 20_000)
    begun = time.monotonic()
    first = carry(budget=0.5)
    assert time.monotonic() - begun < 2
    assert first["logs"].state == "unfinished"
    left = count(engine, "logs")
    assert 0 < left < 20_000  # what was done stays
    monkeypatch.setattr("app_schema.maintenance.batches.BATCH", 5_000)
    assert carry()["logs"].state == "done"
    assert count(engine, "logs") == 0


def test_what_the_others_leave_of_the_time_is_not_lost(engine, carry, monkeypatch):
    """A tenth of it is not enough for the logs, all of it is."""
    monkeypatch.setattr("app_schema.maintenance.batches.BATCH", 100)
    monkeypatch.setattr("app_schema.maintenance.batches.REST", 0)
    fill_logs(engine, 20_000)
    begun = time.monotonic()
    assert carry(budget=0.5)["logs"].state == "unfinished"
    seconds = (time.monotonic() - begun) * 20_000 / (20_000 - count(engine, "logs"))
    fill_logs(engine, 20_000 - count(engine, "logs"))
    assert carry(budget=5 * seconds)["logs"].state == "done"
    assert count(engine, "logs") == 0


def test_upkeep_that_does_not_keep_up_is_a_finding(engine, carry, look, monkeypatch):
    monkeypatch.setattr("app_schema.maintenance.batches.BATCH", 10)
    fill_logs(engine, 5_000)
    for times in (1, 2, 3):
        assert carry(budget=0.2)["logs"].state == "unfinished"
        found = [finding for finding in look().findings if finding.rule == "upkeep-behind" and finding.subject == "logs"]
        assert len(found) == (times == 3)
    assert "logs of maintain daily was not finished in 3 runs" in found[0].says
    monkeypatch.setattr("app_schema.maintenance.batches.BATCH", 5_000)
    carry()
    assert "upkeep-behind" not in {finding.rule for finding in look().findings}


def test_killed_in_the_middle_it_leaves_nothing_to_mend(engine, carry):
    fill_logs(engine, 60_000)
    process = subprocess.Popen([*COMMAND, "maintain", "daily"], env=os.environ.copy(), stdout=subprocess.DEVNULL)
    while count(engine, "logs") == 60_000 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = carry()  # waits until the server has noticed
    assert done["logs"].state == "done"
    assert count(engine, "logs") == 0


def test_who_waits_for_a_lock_gives_way_to_the_writers(engine, carry):
    """A report reads logs for long; the partitions wait behind it no longer than lock_timeout, and with them the writers."""
    with engine.begin() as connection:
        for table in ("logs", "ai_request_stats"):
            for name in connection.scalars(
                text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:table AS regclass)".replace("::", r"\:\:")),
                {"table": table},
            ).all():
                if "_y" in name:
                    connection.execute(text(f"DROP TABLE {name}"))
    slowest = []
    stop = threading.Event()

    def write():
        while not stop.is_set():
            begun = time.monotonic()
            with engine.begin() as connection:
                insert(connection, "logs")
            slowest.append(time.monotonic() - begun)

    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM logs"))
        writer = threading.Thread(target=write)
        writer.start()
        done = carry(budget=10.0)  # a second for the partitions: not enough for another attempt
        stop.set()
        writer.join()
    assert done["partitions"].state == "failed"
    assert "another session holds a lock" in done["partitions"].said
    assert done["sessions"].state == "done"
    assert 1 < max(slowest) < 6
    assert carry()["partitions"].said.startswith("made ")
    assert count(engine, "logs_default") == 0


def test_a_database_of_others_and_a_user_who_is_no_owner_are_refused(server, engine, run):
    strange = run("maintain", "daily", DATABASE_URL=engine.url.set(database="postgres").render_as_string(hide_password=False))
    assert (strange.exit_code, strange.stderr.count("\n")) == (1, 1)
    assert "app-schema init" in strange.stderr
    name = f"reader_{engine.url.database}"
    with administrator(server) as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'x' IN ROLE app_readwrite"))
    try:
        refused = run("maintain", "daily", DATABASE_URL=engine.url.set(username=name, password="x").render_as_string(hide_password=False))
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
        assert "run the upkeep as their owner, postgres" in refused.stderr
    finally:
        with administrator(server) as connection:
            connection.execute(text(f"DROP ROLE {name}"))


def test_statistics_do_not_wait_for_a_locked_table(engine, carry, monkeypatch):
    monkeypatch.setitem(Work.alone.__kwdefaults__, "lock_timeout", "100ms")
    monkeypatch.setattr(step, "LOCK_ATTEMPTS", 1)
    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"))
        done = carry("optimize")["analyze"]
    assert "a lock on messages: pid" in done.said
    assert "users" in done.said


def test_an_older_revision_is_said_in_one_line_and_the_rest_is_done(engine, run):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0008'"))
        connection.execute(text("DROP FUNCTION cleanup_agent_sessions"))
    done = run("maintain", "daily")
    assert done.exit_code == 1
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    for step_name in ("revision", "agent-sessions"):
        assert said[step_name].startswith("failed")
        assert said[step_name].endswith("schema public is at 0008, run: app-schema db upgrade")
    assert said["partitions"].startswith("done")


@pytest.mark.parametrize("minutes", ["inf", "nan", "-1", "0"])
def test_a_budget_that_is_none(run, minutes):
    refused = run("maintain", "daily", "--budget", minutes)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


def test_days_of_seoul(engine, carry):
    """A request of 23:30 in Seoul yesterday is yesterday's, whatever UTC says."""
    with engine.begin() as connection:
        day = connection.scalar(text("SELECT CAST(now() AT TIME ZONE 'Asia/Seoul' AS date)")) - timedelta(days=1)
        insert(connection, "ai_request_stats", created_at=f"{day}T23:30:00+09:00")
    carry()
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT day FROM ai_usage_daily")).all() == [day]
    assert isinstance(day, date)


def test_one_locked_table_does_not_keep_the_others_waiting(engine, carry, monkeypatch):
    monkeypatch.setitem(Work.alone.__kwdefaults__, "lock_timeout", "100ms")
    monkeypatch.setattr(step, "LOCK_ATTEMPTS", 1)
    with engine.begin() as connection:
        insert(connection, "messages")
    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE"))
        done = carry("optimize")["analyze"]
        pid = holder.connection.driver_connection.info.backend_pid
    assert done.state == "failed"
    assert done.said.startswith(f"another session holds a lock on messages: pid {pid} (")
    assert "users" in done.said
