"""A cluster comes back as it was: at the end of its WAL, at a moment, at the end of a backup."""

import random
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from sources import rows

from app_schema.embedded import EmbeddedServer
from app_schema.errors import BackupUnknown, RestoreError, SettingsError, WalEnds
from app_schema.restore.cluster import restore
from app_schema.restore.isolation import BEGIN, END
from app_schema.restore.target import Target


def test_latest(history, target):
    """The newest of the chain, all WAL, the unfinished segment too; it keeps to itself, and nothing is wrong in it."""
    done = restore(history.settings, history.folder, Target(), target, start=True)
    assert [member.id for member in done.plan.members] == [entry.id for entry in history.entries]
    assert rows(history, done) == [row for row, _, _ in history.committed]
    assert done.differences == ()
    with history.connect(done.url) as connection:
        for name, value in {"archive_mode": "off", "listen_addresses": "", "archive_command": "(disabled)", "restore_command": ""}.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)
        assert connection.execute("SELECT timeline_id FROM pg_control_checkpoint()").fetchone() == (2,)
    assert done.url.query["host"] == str(target / "run")
    EmbeddedServer(target).stop()
    assert EmbeddedServer(target).start()  # it is the home of an embedded server
    with history.connect(EmbeddedServer(target).url("postgres")) as connection:
        assert connection.execute("SELECT count(*) FROM facts").fetchone() == (2000 + len(history.committed),)


@pytest.mark.parametrize("lost", [False, True])
def test_it_takes_its_sources_place(history, target, lost):
    """As docs/recovery.md says for an embedded server, whose password is in its home."""
    done = restore(history.settings, history.folder, Target(), target, start=True, check=False)
    if lost:
        with history.connect(done.url) as connection:
            connection.execute(f"ALTER ROLE postgres PASSWORD '{(target / 'password').read_text().strip()}'")
    else:
        shutil.copyfile(history.server.home / "password", target / "password")
    EmbeddedServer(target).stop()
    conf = target / "data/postgresql.auto.conf"
    before, _, rest = conf.read_text().partition(BEGIN)
    conf.write_text(before + rest.partition(END)[2])
    assert EmbeddedServer(target).start()
    with history.connect(EmbeddedServer(target).url("postgres")) as connection:
        assert connection.execute("SELECT count(*) FROM facts").fetchone() == (2000 + len(history.committed),)
        assert connection.execute("SHOW summarize_wal").fetchone() == ("on",)


def test_the_end_of_a_backup(history, target):
    """Of the base alone, without the archive."""
    done = restore(
        history.settings.model_copy(update={"backup_wal_dir": None}),
        history.folder,
        Target(backup=history.entries[0].id),
        target,
        start=True,
    )
    assert len(done.plan.members) == 1
    assert rows(history, done) == []


def test_20_random_moments_have_exactly_the_rows_committed_by_then(history, target):
    chance = random.Random(6)
    times = [at for _, _, at in history.committed]
    used = set()
    for _ in range(20):
        number = chance.randrange(len(times) - 1)
        moment = times[number] + (times[number + 1] - times[number]) * chance.random()
        done = restore(history.settings, history.folder, Target(time=moment), target, start=True, check=False)
        assert rows(history, done) == [row for row, _, at in history.committed if at <= moment], moment
        used.add(done.plan.backup.id)
        EmbeddedServer(target).stop()
        shutil.rmtree(target)
    assert len(used) == 3  # the nearest one before each


@pytest.mark.parametrize(("exclusive", "more"), [(False, 1), (True, 0)])
@pytest.mark.parametrize("by", ["time", "xid"])
def test_one_transaction_before_and_after(history, target, by, exclusive, more):
    number = 30
    _, xid, at = history.committed[number]
    done = restore(
        history.settings, history.folder, Target(**{by: at if by == "time" else xid}, exclusive=exclusive), target, start=True, check=False
    )
    assert rows(history, done) == [row for row, _, _ in history.committed[: number + more]]
    assert done.plan.last.xid == history.committed[number + more - 1][1]


def test_the_id_of_a_savepoint_is_its_transaction(source, target):
    """As rows bear it in xmin."""
    with source.connect() as connection, connection.transaction():
        connection.execute("INSERT INTO facts (text) VALUES ('before')")
        with connection.transaction():
            row = connection.execute("INSERT INTO facts (text) VALUES ('within') RETURNING id, xmin::text::bigint").fetchone()
    with source.connect() as connection:
        connection.execute("INSERT INTO facts (text) VALUES ('after')")
    with source.receiving():
        pass
    done = restore(source.settings, source.folder, Target(xid=row[1]), target, start=True, check=False)
    assert rows(source, done)[-1] == row[0]
    assert done.plan.last.xid == row[1] - 1


@pytest.mark.parametrize("beyond", [{"time": datetime.now(UTC) + timedelta(days=1)}, {"xid": 4_000_000_000}])
def test_past_the_end_of_the_wal_nothing_is_restored(history, target, beyond):
    with pytest.raises(WalEnds, match=r"the WAL of timeline 1 ends at \S+ and does not reach .*: its last transaction, \d+, ended"):
        restore(history.settings, history.folder, Target(**beyond), target)
    assert not target.exists()


def test_before_the_first_backup_there_is_nothing(history, target):
    with pytest.raises(BackupUnknown, match=r"no backup reaches .*: the oldest good one, \S+-base-\S+, is consistent from"):
        restore(history.settings, history.folder, Target(time=datetime.now(UTC) - timedelta(days=1)), target)
    assert not target.exists()


def test_a_target_that_is_not_empty(history, target):
    target.mkdir()
    (target / "mine").touch()
    with pytest.raises(RestoreError, match="is not empty; name a new folder"):
        restore(history.settings, history.folder, Target(), target)
    assert [path.name for path in target.iterdir()] == ["mine"]


def test_two_targets_are_one_too_many():
    with pytest.raises(SettingsError, match="give one of them"):
        Target(time=datetime.now(UTC), xid=7)
    with pytest.raises(SettingsError, match="just before what"):
        Target(exclusive=True)
