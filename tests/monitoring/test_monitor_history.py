"""What is remembered, its bounds, and a clock or a disk that fails."""

import errno
import os
import resource
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from operating import NOON
from sqlalchemy import make_url

from app_schema.errors import MemoryUnavailable
from app_schema.memory import Memory
from app_schema.monitoring import history, snapshot
from app_schema.monitoring.topic import Metric

DAY = timedelta(days=1)


def metric(value, **labels):
    return Metric("bytes", "Bytes.", value, labels)


def test_the_last_look_and_a_series(memory):
    assert history.last(memory) == history.NOTHING
    for day in range(3):
        history.keep(memory, NOON + day * DAY, [metric(day, table="a"), metric(7, table="b")])
    past = history.last(memory)
    assert past.taken == NOON + 2 * DAY
    assert (past.value("bytes", table="a"), past.value("bytes", table="b"), past.value("bytes", table="c")) == (2, 7, None)
    assert [point.value for point in history.series(memory, "bytes", now=NOON + 2 * DAY, days=1.5, table="a")] == [1, 2]


def test_its_size_is_bounded_and_a_day_keeps_its_last_look(memory, monkeypatch):
    monkeypatch.setattr(history, "FINE", 10)
    monkeypatch.setattr(history, "MOST", 20)
    for hour in range(24 * 14):
        history.keep(memory, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour), [metric(hour)])
    looks = memory.read("SELECT taken FROM look ORDER BY taken")
    assert len(looks) == 20
    assert memory.read("SELECT count(*) FROM sample") == [(20,)]
    old = [datetime.fromtimestamp(taken, UTC).hour for (taken,) in looks[:10]]
    assert set(old) == {23}


def test_a_clock_that_jumped_and_came_back_makes_nothing_forgotten(look, memory):
    look(NOON)
    look(NOON + 3650 * DAY)
    back = look(NOON + DAY)
    assert any("the clock was set back" in remark for remark in back.remarks)
    assert len(memory.read("SELECT number FROM look")) == 3
    assert [point.taken for point in history.series(memory, "app_schema_table_bytes", now=NOON + DAY, days=7, table="users")] == [
        NOON,
        NOON + DAY,
    ]


def test_modes(look, memory):
    look()
    assert memory.path.stat().st_mode & 0o777 == 0o600
    assert memory.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_full_disk_under_the_history_is_said_and_the_look_is_whole(look, memory):
    look()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory.path.stat().st_size, before[1]))
    try:
        found = [look(NOON + number * DAY) for number in range(1, 8)][-1]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (forgetful,) = [finding for finding in found.alarming if finding.rule == "memory-unusable"]
    assert "what was measured is not remembered" in forgetful.says
    assert "free space there" in forgetful.command
    assert found.rows("tables")
    assert {finding.rule for finding in found.alarming} == {"backup-age", "memory-unusable"}
    assert look(NOON + 50 * DAY).remarks == ()  # and when there is room again, all is well


@pytest.fixture
def read_only(tmp_path):
    """A disk that cannot be written, where we may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,mode=700", "tmpfs", disk], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this user may not mount a disk; what each error is cured by is tested instead")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_disk_that_cannot_be_written_is_said_once_with_its_cure(run, read_only):
    done = run("monitor", APP_SCHEMA_HOME=str(read_only))
    assert done.exit_code == 3
    assert done.stdout.count(f"{read_only}/memory") == 1
    assert "(Read-only file system)\n" in done.stdout
    assert "run: set APP_SCHEMA_HOME to a folder on a disk that can be written" in done.stdout
    assert "free space" not in done.stdout


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.EROFS, "a disk that can be written"),
        (errno.ENOSPC, "free space"),
        (errno.EACCES, "let this user write"),
        (errno.ELOOP, "set APP"),
    ],
)
def test_each_error_has_its_own_cure(tmp_path, monkeypatch, number, cure):
    def refuse(*_arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("app_schema.memory.os.open", refuse)
    with Memory(tmp_path, "a", "b", "c") as memory, pytest.raises(MemoryUnavailable) as refused:
        memory.read("SELECT 1")
    assert cure in refused.value.cure
    assert str(refused.value) == f"{memory.path} cannot be used ({os.strerror(number)}); {refused.value.cure}"


def test_a_file_that_is_none_of_ours_is_said(run, settings):
    path = Memory.of(settings).path
    path.parent.mkdir(parents=True)
    path.write_text("this is no database" * 100)
    done = run("monitor")
    assert done.exit_code == 3  # for the backup that is missing
    assert "growth and sudden changes are unknown" in done.stdout
    assert "memory-unusable" in done.stdout
    assert "move it away" in done.stdout
    assert path.read_text().startswith("this is no database")


def test_two_databases_do_not_share_a_memory(tmp_path):
    paths = {Memory(tmp_path, *identity).path for identity in (("a", "b", "c"), ("a", "bc", ""), ("a", "b", "d"), ("x", "b", "c"))}
    assert len(paths) == 4


def test_a_link_is_not_followed(tmp_path):
    memory = Memory(tmp_path, "a", "b", "c")
    memory.path.parent.mkdir(parents=True)
    target = tmp_path / "target"
    memory.path.symlink_to(target)
    with memory, pytest.raises(MemoryUnavailable):
        memory.read("SELECT 1")
    assert not target.exists()


def test_what_fails_in_a_transaction_leaves_nothing(memory):
    def fail():
        with memory.write() as file:
            file.execute("INSERT INTO failed_job VALUES ('dump', 1, '')")
            raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(MemoryUnavailable, match="disk I/O error"):
        fail()
    assert memory.read("SELECT * FROM failed_job") == []


def test_a_page_and_a_checklist_without_a_memory(run, memory):
    memory.path.parent.mkdir(parents=True)
    memory.path.write_text("this is no database" * 100)
    page = run("monitor", "--format", "html")
    assert page.exit_code == 3
    assert "<svg" in page.stdout
    assert "growth and sudden changes are unknown" in page.stdout
    listed = run("monitor", "--checklist", "monthly")
    assert listed.exit_code == 3
    assert "- [ ] 백업 정책 검토: " in listed.stdout


def test_a_clock_beside_the_servers_is_said(look, monkeypatch):
    assert look().remarks == ()
    before = snapshot.now
    monkeypatch.setattr(snapshot, "now", lambda: before() + timedelta(hours=3))
    assert look(NOON + DAY).remarks == ("the clock here is 3.0 h ahead of the server's; set it right",)


def test_the_embedded_server_has_one_memory_however_it_is_addressed(settings, tmp_path):
    plain = settings.model_copy(update={"database_url": None, "home": tmp_path})
    address = f"postgresql+psycopg://postgres@/app_schema?host={tmp_path}/run"
    assert Memory.of(plain.model_copy(update={"database_url": make_url(address)})).path == Memory.of(plain).path
    elsewhere = make_url("postgresql+psycopg://postgres@/app_schema?host=/run/postgresql")
    assert Memory.of(plain.model_copy(update={"database_url": elsewhere})).path != Memory.of(plain).path
