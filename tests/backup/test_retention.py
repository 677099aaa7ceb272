"""What is kept and why, by the policy's table, and what prune does with it."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.event import Verification
from app_schema.backup.holding import Database, Part
from app_schema.backup.prune import prune
from app_schema.backup.retention import decide, policy
from app_schema.backup.stream import digest
from app_schema.backup.verify import verify
from app_schema.cli import main
from app_schema.settings import Settings

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
POLICY = policy(Settings())


def entry(days, kind=Kind.DUMP, database="app", *, damaged=False, missing=()):
    at = NOW - timedelta(days=days)
    return Entry(
        id=f"{at:%Y%m%dT%H%M%SZ}-{kind}-{abs(hash((database, damaged, missing))) % 65536:04x}",
        kind=kind,
        started=at,
        finished=at,
        server="db:5432",
        server_version="17.1",
        client_version="17.1",
        compression="zstd:3",
        parts=(Part(file="f", bytes=1, sha256="0", database=Database(name=database, missing=missing)),),
        verified=(Verification(at=at, error="bad"),) if damaged else (),
    )


def kept(entries):
    return [(NOW - decision.entry.started).days for decision in decide(entries, POLICY, NOW) if decision.keep]


def test_the_policys_table():
    month, week = timedelta(days=30), timedelta(days=7)
    weeks = {Kind.SNAPSHOT: timedelta(weeks=12)}
    assert {Kind.DUMP: month, Kind.MASKED: month, Kind.BASE: month, Kind.INCREMENTAL: week} | weeks == POLICY


def test_dumps_30_days_snapshots_12_weeks():
    assert kept([entry(days) for days in (0, 1, 29, 30, 31, 365)]) == [29, 1, 0]
    assert kept([entry(days, Kind.SNAPSHOT) for days in (0, 83, 84, 90)]) == [83, 0]


def test_other_periods():
    assert policy(Settings(backup_dump_days=7, backup_snapshot_weeks=2))[Kind.SNAPSHOT] == timedelta(days=14)


@pytest.mark.parametrize("kind", [Kind.DUMP, Kind.SNAPSHOT, Kind.MASKED])
def test_never_the_last_good_one(kind):
    assert kept([entry(days, kind) for days in (400, 500)]) == [400]
    assert kept([entry(400, kind), entry(300, kind, damaged=True)]) == [400]
    assert kept([entry(400, kind), entry(1, kind, missing=("table x",))]) == [400, 1]


def test_the_last_of_each_database():
    assert kept([entry(400, database="a"), entry(300, database="b"), entry(350, database="b")]) == [400, 300]


def test_a_part_is_better_than_nothing():
    assert kept([entry(400, missing=("table x",)), entry(500, missing=("table x",))]) == [400]


def test_every_decision_has_a_reason():
    reasons = [decision.reason for decision in decide([entry(40), entry(35), entry(1)], POLICY, NOW)]
    assert reasons == ["40 days old, kept for 30", "35 days old, kept for 30", "1 days old, kept for 30"]


def test_prune_removes_files_and_entry_together(settings, folder):
    old, new = dump(settings, folder), dump(settings, folder)
    age(folder, old, days=40)
    shown = prune(settings, folder, dry_run=True)
    assert [decision.keep for decision in shown] == [False, True]
    assert len(Catalogue(folder).read()[0]) == 2
    prune(settings, folder, dry_run=False)
    assert Catalogue(folder).read() == ([new], [])
    assert not (folder.path / old.parts[0].file).exists()


def test_prune_leaves_what_somebody_reads_and_what_nobody_can(settings, folder):
    old, _ = dump(settings, folder), dump(settings, folder)
    broken = dump(settings, folder)
    (folder.path / f"{broken.id}.json").write_text("{")
    age(folder, old, days=40)
    with folder.using(old.parts[0].file):
        assert next(decision.reason for decision in prune(settings, folder, dry_run=False)) == "somebody reads it just now"
    prune(settings, folder, dry_run=False)
    assert not (folder.path / old.parts[0].file).exists()
    assert (folder.path / broken.parts[0].file).exists()


def test_prune_leaves_what_is_being_verified(settings, folder, monkeypatch):
    old, _ = dump(settings, folder), dump(settings, folder)
    age(folder, old, days=40)
    reasons = []

    def digest_and_prune(file, report):
        reasons.append(prune(settings, folder, dry_run=False)[0].reason)
        return digest(file, report)

    monkeypatch.setattr("app_schema.backup.verify.digest", digest_and_prune)
    assert verify(Catalogue(folder), old).damaged is None
    assert reasons == ["somebody reads it just now"]


def test_what_was_pruned_until_it_was_looked_at_is_not_damaged(settings, folder, monkeypatch):
    old, new = dump(settings, folder), dump(settings, folder)
    read = Catalogue.read

    def read_and_prune(catalogue):
        found = read(catalogue)
        monkeypatch.undo()
        assert catalogue.remove(old)
        return found

    monkeypatch.setattr(Catalogue, "read", read_and_prune)
    done = CliRunner().invoke(main, ["backup", "verify"], env={"APP_SCHEMA_BACKUP_DIR": str(folder.path)})
    assert done.output.splitlines()[0] == f"{old.id} was removed in the meantime"
    assert done.output.splitlines()[1].startswith(f"{new.id}: ")
    assert done.exit_code == 0


def age(folder, old, days):
    aged = old.model_copy(update={"started": old.started - timedelta(days=days)})
    (folder.path / f"{old.id}.json").write_bytes(aged.sealed())
