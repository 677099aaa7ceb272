"""The receiver: supervised, alone, bounded; what was acknowledged with it named is never lost."""

import os
import random
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from folders import place
from sources import Source, app_schema, new_folder, wait

from app_schema.backup.folder import Folder
from app_schema.cli.stopping import stoppable
from app_schema.embedded.postmaster import Postmaster
from app_schema.engine import connect, connect_to
from app_schema.errors import Interrupted
from app_schema.memory import Memory
from app_schema.monitoring import snapshot
from app_schema.physical import route, slot
from app_schema.physical.archive import Archive
from app_schema.physical.base import base, programs_for
from app_schema.physical.receiver import receiver
from app_schema.physical.records import Reader
from app_schema.physical.route import Leg
from app_schema.physical.status import look
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target


@pytest.fixture(scope="module")
def live():
    """A cluster that these tests stop, kill and drop slots of, one after the other."""
    with place() as home:
        source = Source.make(home, shared_buffers="16MB")
        with source.receiving():
            base(source.settings, source.folder)
        yield source


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "pg_receivewal" in line and "defunct" not in line]


def kill_child(pid):
    """Whether there was one to kill: it may have ended by itself, and its successor not be there yet."""
    found = children(pid)
    for child in found:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return found


def errors(source):
    return [finding.error for finding in verify(source.settings, source.folder, source.entries, everything=True) if finding.error]


def test_killed_at_20_moments_it_goes_on(live):
    with live.receiving() as process:
        chance = random.Random(6)
        for _ in range(20):
            live.add(3)
            time.sleep(chance.random() / 20)
            wait(lambda: kill_child(process.pid))
        live.switch()
        live.add(1)
        live.wait_for_receiver()
    assert errors(live) == []
    assert live.committed[-1][1] in [transaction.xid for transaction in live.reader.transactions()]


@pytest.mark.parametrize("blank", [True, False])
def test_a_segment_cut_short_does_not_stop_it(live, blank):
    """As the disk was full, or it was killed, while it made the file: pg_receivewal itself would refuse from then on."""
    with live.receiving():
        live.add(3)
        live.wait_for_receiver()
    path = max(live.wal.glob("*.partial"))
    path.write_bytes(bytes(1 << 20) if blank else path.read_bytes()[: 1 << 20])
    process = app_schema(live, "backup", "wal")
    live.add(3)
    live.wait_for_receiver()
    process.terminate()
    said = process.communicate()[0]
    assert errors(live) == []
    assert live.committed[-1][1] in [transaction.xid for transaction in live.reader.transactions()]
    aside = list(live.wal.glob("*.cut"))
    assert [each.stat().st_size for each in aside] == ([] if blank else [1 << 20])
    assert ("is not as long as a segment" in said) is not blank


def test_one_is_enough(live):
    with live.receiving():
        _, error = app_schema(live, "backup", "wal").communicate()
    assert "another receiver is writing to" in error


def test_nothing_acknowledged_is_lost_in_20_crashes(live):
    """The server dies, and its disk with it: what counts is in the archive alone."""
    with live.connect() as connection:
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{slot.RECEIVER}'")
        connection.execute("SELECT pg_reload_conf()")
    acknowledged = []

    def write():
        try:
            live_rows(live, acknowledged)
        except psycopg.Error:
            return

    chance = random.Random(6)
    with live.receiving():
        for _ in range(20):
            wait(lambda: look_synchronous(live))
            writer = threading.Thread(target=write)
            writer.start()
            time.sleep(0.05 + chance.random() / 10)
            os.kill(Postmaster.read(live.server.data).pid, signal.SIGKILL)
            writer.join()
            live.server.start()
        wait(lambda: look_synchronous(live))
        with live.connect() as connection:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")
    archived = {transaction.xid for transaction in live.reader.transactions() if transaction.committed}
    assert len(acknowledged) > 100
    assert set(acknowledged) - archived == set()


def live_rows(live, acknowledged):
    with live.connect() as connection:
        while True:
            acknowledged.append(
                connection.execute("INSERT INTO facts (text) VALUES ('a') RETURNING pg_current_xact_id()::text::bigint").fetchone()[0]
            )


def look_synchronous(live):
    with live.connect() as connection:
        return connection.execute("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone() == (1,)


def test_a_lost_slot_asks_for_a_new_base(live, target):
    """What was received before stays good, and from the new base on all is well again."""
    with live.receiving():
        live.add(1)
        live.wait_for_receiver()
    before = live.committed[-1]
    with live.connect() as connection:
        connection.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
        connection.execute("SELECT pg_reload_conf()")
        for _ in range(4):
            live.add(1)
            live.switch()
        wait(lambda: connection.execute("CHECKPOINT") and look(live.settings, live.folder).receiver == "lost")
        connection.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'")
        connection.execute("SELECT pg_reload_conf()")
    assert "the slot is lost" in look(live.settings, live.folder).problems[0]
    process = app_schema(live, "backup", "wal")
    try:
        said = process.stdout.readline()
        assert "WAL is lost after" in said
        assert "take a new base now" in said
        live.wait_for_receiver()
        assert any("take a new base" in problem for problem in look(live.settings, live.folder).problems)
        assert any("of WAL missing" in error for error in errors(live))
        base(live.settings, live.folder)
        live.add(1)
        live.wait_for_receiver()
        status = look(live.settings, live.folder)
        assert (status.receiver, status.problems, status.behind_bytes, status.missing_segments) == ("receiving", (), 0, 0)
        with place() as home:  # whose settings name another folder
            other = live.settings.model_copy(update={"backup_dir": new_folder(home / "backups")})
            assert any("names another folder than it was started with" in problem for problem in look(other, Folder.of(other)).problems)
    finally:
        process.terminate()
        out, _ = process.communicate()
    assert process.returncode == 0
    assert "stopped" in out
    done = restore(live.settings, live.folder, Target(), target, check=False)
    assert done.plan.last.xid == live.committed[-1][1]
    with pytest.raises(Exception, match="WAL missing"):
        restore(live.settings, live.folder, Target(time=before[2]), target.with_name("other"), check=False)
    live_before = restore(live.settings, live.folder, Target(backup=live.entries[0].id), target.with_name("first"), check=False)
    assert len(live_before.plan.members) == 1


def test_status_says_when_nobody_receives(live):
    with live.receiving():
        assert look(live.settings, live.folder).receiver == "receiving"
    with connect_to(live.url) as connection:
        wait(lambda: not slot.look(connection).active)
    status = look(live.settings, live.folder)
    assert status.receiver == "away"
    assert "run app-schema backup wal" in status.problems[0]
    live.add(1, "y" * 100_000)
    assert look(live.settings, live.folder).behind_bytes >= 0


def test_the_monitor_knows_that_it_replays_nothing(live):
    """replay_lag of a receiver is the time since it connected, whatever it has received."""
    settings = live.settings.model_copy(update={"home": live.home})
    with live.receiving(), live.connect() as connection:
        lag = "SELECT coalesce(extract(epoch FROM max(replay_lag)), 0) FROM pg_stat_replication"
        while connection.execute(lag).fetchone()[0] < 2:
            live.add(1)
        with connect(settings) as looking, Memory.of(settings) as memory:
            [link] = [row for row in snapshot.take(looking, settings, memory).rows("replication") if row.name == slot.RECEIVER]
    assert (link.kind, link.state) == ("receiver", "streaming")
    assert (link.lag_seconds or 0) < 1


def test_a_server_that_is_away_is_waited_for(live):
    with live.receiving() as process:
        live.server.stop()
        while "not receiving" not in (said := process.stdout.readline()):
            assert said
        live.server.start()
        live.add(1)
        live.wait_for_receiver()


def test_the_disk_of_the_archive_is_full_for_a_while(live, small_disk, monkeypatch):
    monkeypatch.setenv("APP_SCHEMA_BACKUP_WAL_DIR", str(new_folder(small_disk / "wal")))
    process = app_schema(live, "backup", "wal")
    try:
        for _ in range(2):  # segments, of which one fits
            live.add(1)
            live.switch()
        while "No space left on device" not in (said := process.stdout.readline()):
            assert said
        wait(lambda: [path for path in small_disk.glob("wal/*/*.partial") if path.stat().st_size not in (0, 16 << 20)])
        settings = live.settings.model_copy(update={"backup_wal_dir": small_disk / "wal", "home": live.home})
        said = look(settings, live.folder)
        assert "the receiver runs and cannot receive" in said.problems[0]
        assert re.search(r"\(\d MB are free in", said.problems[0])  # what was cut short goes before each attempt
        assert said.newest_at < datetime.now(UTC) - timedelta(seconds=said.behind_seconds - 1)
        with connect(settings) as looking, Memory.of(settings) as memory:
            found = snapshot.take(looking, settings, memory)
        assert [row.what for row in found.rows("disk")][-1] == "WAL"
        subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
        live.wait_for_receiver()
    finally:
        process.terminate()
        process.communicate()
    wal = Archive(next(small_disk.glob("wal/*")), 16 << 20)
    first = min(wal.segments)
    reader = Reader(route.find(wal, (Leg(first.timeline, first.number << 24, None),)), programs_for(live.entries[0]))
    assert live.committed[-1][1] in [transaction.xid for transaction in reader.transactions()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_starts_its_program(number, live, monkeypatch):
    """pg_receivewal would go on alone, with the lock and the slot."""
    begin = subprocess.Popen
    started = []

    def popen(command, **options):
        process = begin(command, **options)
        if command[0].endswith("pg_receivewal"):
            started.append(process)
            signal.raise_signal(number)
        return process

    monkeypatch.setattr(subprocess, "Popen", popen)
    ready = receiver(live.settings, live.folder, lambda _: None)
    with pytest.raises(Interrupted), stoppable():
        ready.run()
    assert [process.poll() is not None for process in started] == [True]
