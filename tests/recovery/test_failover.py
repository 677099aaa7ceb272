"""A standby that was promoted goes on where its primary was; a copy that was restored beside it does not, until it takes its place."""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from folders import place
from sources import Source, wait

from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.entry import Kind
from app_schema.backup.retention import decide, policy
from app_schema.embedded import EmbeddedServer
from app_schema.engine import connect
from app_schema.errors import BackupUnknown, ServerUnsuitable
from app_schema.memory import Memory
from app_schema.monitoring import snapshot
from app_schema.monitoring.jobs import note_failure, note_success
from app_schema.physical.base import base, incremental
from app_schema.physical.receiver import receiver
from app_schema.restore.cluster import restore
from app_schema.restore.isolation import BEGIN, END
from app_schema.restore.plan import plan
from app_schema.restore.target import Target

CHANNEL, RULE = "slack-1", "disk-full"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def source():
    with place() as home:
        yield Source.make(home)


@pytest.fixture
def standby(source):
    """A standby of the source, streaming."""
    home = source.home / "standby"
    server = EmbeddedServer(home)
    home.mkdir(mode=0o755)
    url = source.url
    variables = {"PGHOST": str(url.query["host"]), "PGUSER": url.username, "PGPASSWORD": url.password}
    command = [source.server.programs / "pg_basebackup", "--pgdata", server.data, "--write-recovery-conf", "--checkpoint=fast"]
    subprocess.run(command, env=os.environ | variables, check=True)
    owner = source.server.data.stat()
    for path in (server.data, *server.data.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    for name in ("lock", "password"):
        shutil.copy(source.server.home / name, home / name)
    server.start()
    return server


def at(source, url):
    """The settings of one who looks at an address, always from the same home."""
    return source.settings.model_copy(update={"database_url": url, "home": source.home / "operator"})


def look(settings, now):
    with connect(settings) as connection, Memory.of(settings) as memory:
        return snapshot.take(connection, settings, memory, clock=lambda: now)


def said(found, rule):
    return [finding.subject for finding in found.findings if finding.rule == rule]


def told(settings):
    with Memory.of(settings) as memory:
        return {rule for (rule,) in memory.read("SELECT rule FROM alert WHERE channel = ?", CHANNEL)}


def promote(source, server):
    with source.connect(server.url("postgres")) as connection:
        assert connection.execute("SELECT pg_promote()").fetchone() == (True,)
    wait(lambda: not_standby(source, server))


def not_standby(source, server):
    with source.connect(server.url("postgres")) as connection:
        return connection.execute("SELECT NOT pg_is_in_recovery()").fetchone()[0]


def test_a_promoted_standby_carries_on(source, standby):
    before, after = at(source, source.url), at(source, standby.url("postgres"))
    base(before, source.folder)
    dump(before, source.folder)
    now = datetime.now(UTC)
    with Memory.of(before) as memory:
        note_failure(memory, "snapshot", now)
        with memory.write() as file:
            file.execute("INSERT INTO alert VALUES (?, ?, 'data', 'warning', ?)", [CHANNEL, RULE, now.timestamp()])
    first = look(before, now + MINUTE)
    assert said(first, "job-failed") == ["snapshot"]
    watched = look(after, now + 2 * MINUTE)  # as a standby it has a memory of its own
    assert said(watched, "job-failed") == []

    source.server.stop()
    promote(source, standby)
    with Memory.of(after) as memory:
        note_failure(memory, "weekly", now + 3 * MINUTE)  # which comes before the first look
    taken_over = look(after, now + 4 * MINUTE)
    assert {row.kind for row in taken_over.rows("backups")} == {"base", "dump"}
    assert not said(taken_over, "backup-age")
    assert said(taken_over, "job-failed") == ["snapshot", "weekly"]
    assert taken_over.since == now + MINUTE
    assert any("go on from another address" in remark for remark in taken_over.remarks)
    assert told(after) == {RULE}  # no channel is told of it again, and each will be told of its end
    assert not any("another address" in remark for remark in look(after, now + 5 * MINUTE).remarks)

    with Memory.of(after) as memory:  # what ends there has ended
        note_success(memory, "snapshot")
        with memory.write() as file:
            file.execute("DELETE FROM alert")
    standby.stop()
    signal = source.server.data / "standby.signal"
    signal.touch()
    owner = source.server.data.stat()
    os.chown(signal, owner.st_uid, owner.st_gid)
    source.server.start()
    promote(source, source.server)
    returned = look(before, now + 6 * MINUTE)  # back at the first address, whose own memory is older
    assert said(returned, "job-failed") == ["weekly"]
    assert returned.since == now + 5 * MINUTE
    assert told(before) == set()


def test_a_rescued_copy_is_never_the_latest(source):
    here = at(source, source.url)
    with source.receiving():
        base(here, source.folder)
        dump(here, source.folder)
        source.add(3)
        source.wait_for_receiver()
    home = source.home / "rescued"
    done = restore(here, source.folder, Target(), home, start=True, check=False)
    there = at(source, done.url)
    now = datetime.now(UTC)
    assert look(here, now).rows("backups")
    assert look(there, now).rows("backups") == ()  # those of its source do not count for it
    rescued_dump, rescued_base = dump(there, source.folder), base(there, source.folder)
    assert (rescued_dump.rescued, rescued_base.rescued) == (True, True)
    assert rescued_dump.system == rescued_base.system == chain.place(rescued_base).system_identifier

    entries = Catalogue(source.folder).read()[0]
    assert {row.backup for row in look(here, now).rows("backups")} == {entry.id for entry in entries if not entry.rescued}
    assert not Catalogue(source.folder).find("latest", kinds=(Kind.DUMP,), database="postgres").rescued
    assert not chain.newest(entries).rescued
    assert plan(here, source.folder, Target()).timeline == 1
    later = decide(entries, policy(here), datetime.now(UTC) + timedelta(days=400))
    assert {decision.entry.id for decision in later if not decision.keep} == {rescued_dump.id, rescued_base.id}
    assert Catalogue(source.folder).find(rescued_base.id, kinds=chain.KINDS).rescued  # by its id it can be had
    with pytest.raises(ServerUnsuitable, match="is a rescued copy, and an incremental would add"):
        incremental(there, source.folder)
    with pytest.raises(ServerUnsuitable, match="is a rescued copy, and its WAL would be mixed"):
        receiver(there.model_copy(update={"backup_dir": source.folder.path}), source.folder, print)

    for entry in entries:  # when nothing else is there, its own is named and not taken
        if not entry.rescued:
            (source.folder.path / f"{entry.id}.json").unlink()
    with pytest.raises(BackupUnknown, match=f"{rescued_dump.id} was taken from a rescued copy; name it by its id"):
        Catalogue(source.folder).find("latest", kinds=(Kind.DUMP,), database="postgres")
    for entry in entries:
        (source.folder.path / f"{entry.id}.json").write_bytes(entry.sealed())

    rescue = EmbeddedServer(home)  # it takes its source's place
    rescue.stop()
    source.server.stop()
    conf = home / "data/postgresql.auto.conf"
    block = conf.read_text()
    conf.write_text(block.partition(BEGIN)[0] + block.partition(END)[2])
    shutil.copyfile(source.server.home / "password", home / "password")
    rescue.start()
    in_its_place = at(source, rescue.url("postgres"))
    found = look(in_its_place, now + MINUTE)
    assert {row.backup for row in found.rows("backups")} == {entry.id for entry in entries if not entry.rescued}
    assert found.since == now
    assert not dump(in_its_place, source.folder).rescued
