"""A backup may die at any moment, and the next one neither trips over it nor trusts it."""

import os
import signal
import subprocess
import sys
import time

import pytest
from databases import engine_of
from places import kill_at_random
from sqlalchemy import URL, text

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump, running
from app_schema.backup.folder import UNFINISHED
from app_schema.backup.verify import check_part
from app_schema.errors import BackupError


def test_killed_at_20_random_moments(settings, folder, filled):
    hit = kill_at_random("dump(settings, folder)", filled, folder, 20)
    assert hit == 20
    dump(settings, folder)
    entries, problems = Catalogue(folder).read()
    assert problems == []
    assert len(entries) >= 2
    for entry in entries:
        check_part(folder.path / entry.parts[0].file, entry.parts[0])
    assert not list(folder.path.glob(f"{UNFINISHED}*"))


def test_death_between_the_files_and_the_entry_is_finished_by_the_next(settings, folder):
    """The entry is written before the files have their names: what is whole is not thrown away."""
    entry = dump(settings, folder)
    (folder.path / f"{entry.id}.json").rename(folder.path / f"{UNFINISHED}{entry.id}.json")
    dump(settings, folder)
    entries, problems = Catalogue(folder).read()
    assert (entry in entries, problems, len(entries)) == (True, [], 2)


def test_death_before_the_last_byte_is_swept(settings, folder):
    entry = dump(settings, folder)
    (folder.path / f"{entry.id}.json").rename(folder.path / f"{UNFINISHED}{entry.id}.json")
    (folder.path / entry.parts[0].file).rename(folder.path / f"{UNFINISHED}{entry.parts[0].file}")
    dump(settings, folder)
    entries, problems = Catalogue(folder).read()
    assert (len(entries), problems) == (1, [])
    assert not list(folder.path.glob(f"{UNFINISHED}*"))


def test_a_draft_that_somebody_still_writes_is_not_swept(settings, folder):
    with folder.draft("mine") as draft:
        dump(settings, folder)
        assert draft.path.exists()


@pytest.mark.writes
def test_pg_dump_is_killed_in_mid_stream(settings, folder):
    noise(settings.database_url)
    killed = []

    def kill(_bytes):
        if not killed:
            [pid] = children("pg_dump")
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    with pytest.raises(BackupError, match=r"pg_dump was killed by signal 9: .*; the catalogue is as it was"):
        dump(settings, folder, report=kill)
    assert Catalogue(folder).read() == ([], [])
    assert not list(folder.path.glob(f"{UNFINISHED}*"))


def noise(url):
    """Rows enough to be in the middle of them."""
    with engine_of(url).begin() as connection:
        connection.execute(text("CREATE TABLE noise AS SELECT gen_random_uuid() AS id FROM generate_series(1, 200000)"))


def children(name):
    found = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid, comm in (line.split() for line in found.splitlines()) if comm == name]


@pytest.mark.writes
def test_the_connection_of_pg_dump_is_cut(settings, folder, filled):
    """As when the server is restarted under it: one line with its reason."""
    cut = []

    def cut_it(_bytes):
        if not cut:
            with engine_of(filled).begin() as connection:
                sessions = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                cut.extend(connection.execute(text(sessions)))

    noise(filled)
    with pytest.raises(BackupError, match=r"pg_dump failed: .*the catalogue is as it was"):
        dump(settings, folder, report=cut_it)
    assert Catalogue(folder).read() == ([], [])


@pytest.fixture
def small_disk(folder):
    """A disk of 64 kB where we may mount one."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder.path], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this user may not mount a disk; the limit of a file's size is tested instead")
    yield folder
    subprocess.run(["umount", folder.path], check=True)


def test_the_disk_is_full(small_disk, settings):
    with pytest.raises(
        BackupError, match=r"cannot write .*: No space left on device \(\d+ MB free\); make room, or set APP_SCHEMA_BACKUP_DIR"
    ):
        dump(settings, small_disk)
    assert Catalogue(small_disk).read() == ([], [])
    assert not list(small_disk.path.glob(f"{UNFINISHED}*"))


def test_a_file_may_not_grow(folder, filled):
    """RLIMIT_FSIZE: what any user can meet. In a process of its own, which it holds for."""
    script = """
import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
from app_schema.cli import main; main(["backup", "dump"])
"""
    environment = {"DATABASE_URL": filled.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(folder.path)}
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "File too large" in done.stderr
    assert Catalogue(folder).read() == ([], [])


def test_a_failed_program_is_over_when_its_children_are(tmp_path):
    """pg_basebackup does not wait for its child that receives WAL, which goes on writing in the folder to be removed."""
    ended = tmp_path / "ended"
    script = f"(sleep 0.5; touch '{ended}') & exit 1"
    with pytest.raises(BackupError), running(["/bin/sh", "-c", script], URL.create("postgresql")) as (_, wait):
        wait()
    assert ended.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.writes
def test_stopped_by_a_signal(number, folder, filled):
    """One line, its exit code, and nothing half done."""
    noise(filled)
    environment = {"DATABASE_URL": filled.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(folder.path)}
    # a shell's background job inherits that SIGINT is ignored
    awake = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from app_schema.cli import main; main()"
    command = [sys.executable, "-c", awake, "backup", "dump"]
    process = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not [path for path in folder.path.glob(f"{UNFINISHED}*") if path.stat().st_size] and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    _, stderr = process.communicate()
    assert (process.returncode, stderr) == (130, "error: stopped; what was half done is undone\n")
    assert Catalogue(folder).read() == ([], [])
    assert not list(folder.path.glob(f"{UNFINISHED}*"))
