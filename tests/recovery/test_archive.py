"""The archive_command of ours: whole files or none, never another one's."""

import os
import shutil
import subprocess
import sys
import time

import pytest
from folders import place
from sources import Source, wait

from app_schema.physical import archive_command, status
from app_schema.physical.base import base
from app_schema.physical.status import look
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target

NAME = "000000010000000000000007"


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data directory, which a server runs it in."""
    (tmp_path / "data/global").mkdir(parents=True)
    (tmp_path / "data/pg_wal").mkdir()
    (tmp_path / "data/global/pg_control").write_bytes((4711).to_bytes(8, sys.byteorder) + bytes(100))
    (tmp_path / "data/pg_wal" / NAME).write_bytes(b"wal" * 1000)
    (tmp_path / "wal").mkdir()
    monkeypatch.chdir(tmp_path / "data")
    return tmp_path


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-I", archive_command.__file__, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_a_file_is_archived_once_and_the_same_again_is_well(data):
    for _ in range(2):
        assert run(f"pg_wal/{NAME}", data / "wal").returncode == 0
    archived = data / "wal/4711" / NAME
    assert archived.read_bytes() == b"wal" * 1000
    assert archived.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in archived.parent.iterdir()] == [NAME]


def test_another_file_of_that_name_is_refused(data):
    run(f"pg_wal/{NAME}", data / "wal")
    (data / "data/pg_wal" / NAME).write_bytes(b"other")
    done = run(f"pg_wal/{NAME}", data / "wal")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is there and is another file; nothing was overwritten" in done.stderr
    assert (data / "wal/4711" / NAME).read_bytes() == b"wal" * 1000


@pytest.mark.parametrize("arguments", [(), ("pg_wal/x",), ("pg_wal/missing", "/nonexistent"), (f"pg_wal/{NAME}", "relative")])
@pytest.mark.usefixtures("data")
def test_bad_calls_are_one_line(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_it_starts_quickly(data):
    """The server waits for it at each segment: a cold Python is all it costs."""
    begun = time.monotonic()
    run(f"pg_wal/{NAME}", data / "wal")
    assert time.monotonic() - begun < 5


def test_a_cluster_that_archives_is_recovered(monkeypatch, target):
    """In a folder of the server's account; no receiver is there."""
    with place() as home:
        wal = home / "wal"
        wal.mkdir(mode=0o700)
        python = next(path for path in ("/usr/bin/python3", sys.executable) if os.access(path, os.X_OK))
        program = home / "archive_command.py"  # where the server's account can read it
        shutil.copy(archive_command.__file__, program)
        program.chmod(0o644)
        source = Source.make(home, archive_mode="on", archive_timeout="300", archive_command=f"{python} -I {program} %p {wal}")
        owner = source.server.data.stat()
        os.chown(wal, owner.st_uid, owner.st_gid)
        source.settings = source.settings.model_copy(update={"backup_wal_dir": wal})
        base(source.settings, source.folder)
        source.add(5)
        with source.connect() as connection:
            last = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()[0]
        wait(lambda: list(wal.glob(f"*/{last}")))
        source.add(1)
        found = look(source.settings, source.folder)
        assert (found.archiver, found.receiver, found.problems) == ("archiving", "none", ())
        assert all(finding.error is None for finding in verify(source.settings, source.folder, source.entries))
        done = restore(source.settings, source.folder, Target(), target, check=False)
        assert done.plan.last.xid == source.committed[-2][1]
        with source.connect() as connection:
            connection.execute("ALTER SYSTEM SET archive_command = 'false'")
            connection.execute("SELECT pg_reload_conf(), pg_switch_wal()")
            wait(lambda: connection.execute("SELECT failed_count FROM pg_stat_archiver").fetchone()[0])
        assert "archive_command fails on" in look(source.settings, source.folder).problems[0]
        monkeypatch.setattr(status, "PATIENCE", 0)
        with source.connect() as connection:  # a program that cannot be run at all is counted nowhere as a failure
            connection.execute("ALTER SYSTEM SET archive_command = 'exit 126'")
            connection.execute("SELECT pg_reload_conf(), pg_stat_reset_shared('archiver')")
        wait(lambda: any("wait for archive_command, the first for" in line for line in look(source.settings, source.folder).problems))
