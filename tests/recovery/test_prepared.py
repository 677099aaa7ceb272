"""Two-phase commit in the WAL, and settings that were raised after the base: recovery has room for what the server did."""

from datetime import UTC, datetime

import pytest
from debians import DebianSource, write
from folders import place

from app_schema.embedded import EmbeddedServer
from app_schema.errors import RestoreError, WalEnds
from app_schema.physical.base import base
from app_schema.restore.cluster import restore
from app_schema.restore.server import LOG
from app_schema.restore.target import Target

RAISED = {
    "max_connections": "130",
    "max_worker_processes": "11",
    "max_wal_senders": "12",
    "max_prepared_transactions": "20",
    "max_locks_per_transaction": "90",
    "wal_level": "logical",
}
PENDING = 8  # more than the configuration of the base has room for
DECEPTIVE = "desc: COMMIT 2099-01-01 00:00:00.000000 UTC"  # a name may be anything


@pytest.fixture(scope="module")
def prepared(debian_cluster_of_the_session):
    """A base with an open transaction, then higher settings, and transactions that are committed, rolled back or left prepared.

    ``ended`` is, for each row that one of them wrote, the ids that it had, and when it ended.
    """
    cluster = debian_cluster_of_the_session
    more = cluster.etc / "conf.d/30-more.conf"
    with place() as home:
        source = DebianSource.of(cluster, home)
        source.ended = {}
        cluster.execute("CREATE TABLE facts (text text)", "CREATE TABLE other ()")
        prepare(source, "early")
        cluster.execute("CREATE TABLE third ()")  # so that the id of the first is not the newest any more
        with source.receiving():
            pass  # from now on the server keeps its WAL
        base(source.settings, source.folder)
        write(cluster, more, "".join(f"{name} = {value}\n" for name, value in RAISED.items()))
        cluster.control("restart")
        with source.receiving():
            end(source, "early", "COMMIT")
            prepare(source, DECEPTIVE, "row and its savepoint")
            end(source, DECEPTIVE, "COMMIT")
            prepare(source, "undone")
            end(source, "undone", "ROLLBACK")
            for number in range(PENDING):
                prepare(source, f"pending {number}", lock=number == 0)
            cluster.execute("INSERT INTO facts VALUES ('last')")
            source.switch()
            source.wait_for_receiver()
        try:
            yield source
        finally:
            for number in range(PENDING):
                cluster.execute(f"ROLLBACK PREPARED 'pending {number}'")
            cluster.execute("SELECT pg_drop_replication_slot('app_schema')", "DROP TABLE facts, other, third")
            more.unlink()
            cluster.control("restart")


def prepare(source, name, savepoint=None, *, lock=False):
    with source.connect() as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO facts VALUES (%s)", [name])
        ids = [connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]]
        if savepoint:
            connection.execute("SAVEPOINT s")
            ids += connection.execute("INSERT INTO facts VALUES (%s) RETURNING xmin::text::bigint", [savepoint]).fetchone()
        if lock:
            connection.execute("ALTER TABLE other ADD COLUMN more int")
        connection.execute(f"PREPARE TRANSACTION '{name}'")
    source.ended[name] = ids, None


def end(source, name, how):
    ids, _ = source.ended[name]
    with source.connect() as connection:
        connection.execute(f"{how} PREPARED '{name}'")
        at = connection.execute("SELECT pg_xact_commit_timestamp((%s::text)::xid)", [ids[0]]).fetchone()[0]
    source.ended[name] = ids, at


def facts(source, done):
    with source.connect(done.url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM facts ORDER BY text")]


def test_all_of_it(prepared, target):
    """The settings are those of the WAL, also when the cluster takes its source's place; what is pending is said."""
    done = restore(prepared.settings, prepared.folder, Target(), target, start=True)
    assert done.differences == ()
    assert facts(prepared, done) == sorted(["early", DECEPTIVE, "row and its savepoint", "last"])
    for name, value in RAISED.items():
        assert f"{name} was raised to {value} in postgresql.auto.conf, as the WAL needs it" in done.notes
    assert any(note.startswith(f"{PENDING} prepared transactions are pending") for note in done.notes)
    assert 'database postgres: "public"."other": not checked by amcheck, since a prepared transaction has locked it' in done.notes
    with prepared.connect(done.url) as connection:
        assert {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in RAISED} == RAISED
        assert connection.execute("SELECT count(*) FROM pg_prepared_xacts").fetchone() == (PENDING,)
    EmbeddedServer(target).stop()
    conf = (target / "data/postgresql.auto.conf").read_text()
    assert conf.index("max_prepared_transactions = '20'") < conf.index("# app_schema restore cluster: begin")


@pytest.mark.parametrize(
    ("name", "more", "how"),
    [
        ("early", ["early"], {}),  # it was prepared before the base, and committed after it
        (DECEPTIVE, ["early", DECEPTIVE, "row and its savepoint"], {}),
        (DECEPTIVE, ["early", DECEPTIVE, "row and its savepoint"], {"by": "savepoint"}),
        (DECEPTIVE, ["early"], {"exclusive": True}),
        ("undone", ["early", DECEPTIVE, "row and its savepoint"], {}),
    ],
)
def test_a_prepared_transaction_is_the_target(prepared, target, name, more, how):
    ids, at = prepared.ended[name]
    moment = Target(xid=ids["by" in how], exclusive="exclusive" in how)
    done = restore(prepared.settings, prepared.folder, moment, target, start=True, check=False)
    assert facts(prepared, done) == sorted(more)
    assert done.plan.xid == ids[0]
    if at and not moment.exclusive:
        assert (done.plan.last.xid, done.plan.last.time) == (ids[0], at)
    EmbeddedServer(target).stop()


@pytest.mark.parametrize(("exclusive", "more"), [(False, [DECEPTIVE, "row and its savepoint"]), (True, [])])
def test_the_time_at_which_one_was_committed(prepared, target, exclusive, more):
    _, at = prepared.ended[DECEPTIVE]
    done = restore(prepared.settings, prepared.folder, Target(time=at, exclusive=exclusive), target, start=True, check=False)
    assert facts(prepared, done) == sorted(["early", *more])
    EmbeddedServer(target).stop()


def test_the_name_of_one_is_no_moment(prepared, target):
    with pytest.raises(WalEnds, match="does not reach 2098"):
        restore(prepared.settings, prepared.folder, Target(time=datetime(2098, 1, 1, tzinfo=UTC)), target)


def test_the_log_of_one_that_does_not_come_back(prepared, target, monkeypatch):
    """It is kept with the backups, and named."""
    monkeypatch.setattr("app_schema.restore.server.Server._too_low", lambda *_: {})
    with pytest.raises(RestoreError, match=r"maximum number of prepared transactions reached \(all of it: \S+\)$") as failed:
        restore(prepared.settings, prepared.folder, Target(), target)
    assert not target.exists()
    log = prepared.folder.path / LOG
    assert f"(all of it: {log})" in str(failed.value)
    assert "maximum number of prepared transactions reached" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
