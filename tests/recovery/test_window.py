"""What is kept of clusters, and why: the window of seven days, chains, and the WAL they stand on."""

from datetime import UTC, datetime, timedelta

import pytest

from app_schema.backup import window
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.event import Verification
from app_schema.backup.folder import Folder
from app_schema.backup.holding import Part, Physical
from app_schema.backup.prune import prune
from app_schema.backup.retention import decide, policy
from app_schema.physical import route
from app_schema.physical.archive import Archive
from app_schema.physical.base import base
from app_schema.physical.expiry import expire, unneeded
from app_schema.physical.proof import prove
from app_schema.physical.segments import Segment, show_lsn
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target
from app_schema.settings import Settings

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
POLICY = policy(Settings())
SIZE = 16 << 20


def entry(days, parent=None, *, damaged=False, timeline=1, system="7"):
    """A backup of so many days ago; it begins in the segment of that number of hours since a year ago."""
    at = NOW - timedelta(days=days)
    kind = Kind.INCREMENTAL if parent else Kind.BASE
    number = int((365 - days) * 24)
    return Entry(
        id=f"{at:%Y%m%dT%H%M%SZ}-{kind}-{'bad0' if damaged else '0000'}",
        kind=kind,
        started=at,
        finished=at,
        server="db:5432",
        server_version="17.1",
        client_version="17.1",
        compression="none",
        parts=(Part(file="f", bytes=1, sha256="0" * 64),),
        verified=(Verification(at=at, error="bad"),) if damaged else (),
        physical=Physical(
            parent=parent.id if parent else None,
            system_identifier=system,
            timeline=timeline,
            start_lsn=show_lsn(number * SIZE + 40),
            stop_lsn=show_lsn(number * SIZE + 4000),
            start_wal="0" * 24,
            checksums=True,
            superuser="postgres",
            consistent_at=at,
            next_xid=700,
            segment_bytes=SIZE,
        ),
    )


def kept(entries):
    return {
        (NOW - decision.entry.started) / timedelta(days=1): decision.reason for decision in decide(entries, POLICY, NOW) if decision.keep
    }


def chained(first, *days):
    chain = [entry(first)]
    for day in days:
        chain.append(entry(day, chain[-1]))
    return chain


def test_bases_30_days_incrementals_7():
    assert set(kept([entry(31), entry(29), entry(8), entry(1)])) == {29, 8, 1}
    assert set(kept([*chained(10, 9, 8, 6.5, 5), entry(1)])) == {10, 9, 8, 6.5, 5, 1}  # 6.5 days needs what it adds to


def test_a_chain_that_is_needed_is_never_broken():
    """The window begins on an incremental of 40 days ago, upon others that are older still."""
    found = kept(chained(60, 50, 40, 3, 2))
    assert set(found) == {60, 50, 40, 3, 2}
    assert found[40] == "the window of 7 days begins on it"
    assert found[50].endswith("adds to it")


def test_the_newest_good_chain_stays_whatever_its_age():
    assert set(kept(chained(90, 80))) == {90, 80}
    assert set(kept([*chained(90, 80), entry(70, damaged=True)])) == {90, 80}


def test_what_is_damaged_holds_up_no_window():
    entries = [entry(12), entry(9, damaged=True), entry(5)]
    standing = window.reaching(entries, timedelta(days=7), NOW)
    assert [(NOW - each.started).days for each in standing] == [12, 5]


def test_each_cluster_by_itself():
    found = kept([entry(90, system="1"), entry(80, system="1"), entry(40, system="2"), entry(2, system="2")])
    assert set(found) == {80, 40, 2}


def test_incrementals_without_their_parent_go_with_their_days():
    orphan = entry(9, entry(10))
    assert kept([orphan, entry(8), entry(1)]) == kept([entry(8), entry(1)])


def test_the_wal_that_the_window_needs():
    standing = window.reaching([entry(20), entry(9), entry(8), entry(3)], timedelta(days=7), NOW)
    first = (365 - 8) * 24
    segments = [Segment(1, number) for number in range(first - 3, first + 3)]
    assert unneeded(segments, standing) == segments[:3]
    assert unneeded(segments, []) == []


def test_wal_of_a_timeline_that_began_again_further_back_is_kept():
    """After a recovery to a moment the LSNs are lower again; both timelines are needed while both are in the window."""
    old, new = entry(8), entry(2, timeline=2)
    behind = Segment(2, ((365 - 8) * 24) + 1)
    assert unneeded([behind, Segment(1, behind.number), Segment(1, behind.number - 5)], [old, new]) == [Segment(1, behind.number - 5)]


def age(source, days):
    """Let every backup be so many days older."""
    for path in source.folder.path.glob("*Z-*.json"):
        found = Entry.unsealed(path.read_bytes(), path.stem)
        moved = {"started": found.started - timedelta(days=days), "finished": found.finished - timedelta(days=days)}
        physical = found.physical.model_copy(update={"consistent_at": found.physical.consistent_at - timedelta(days=days)})
        path.unlink()
        path.write_bytes(found.model_copy(update=moved | {"physical": physical}).sealed())


@pytest.mark.parametrize("days", [0, 20, 100])
def test_prune_never_breaks_what_it_keeps(source, target, days):
    age(source, days)
    would = prune(source.settings, source.folder, dry_run=True)
    planned = expire(source.settings, source.folder, [each.entry for each in would if each.keep], dry_run=True)
    assert prune(source.settings, source.folder, dry_run=False) == would
    [gone] = expire(source.settings, source.folder)
    assert planned == [gone]
    assert [each.keep for each in would] == [True] * 3  # one chain, and the newest
    assert (len(gone.names) > 0, gone.reason) == (True, f"{source.entries[-1 if days else 0].id} needs what is kept")
    done = restore(source.settings, source.folder, Target(), target, check=False)
    assert done.plan.last.xid == source.committed[-1][1]
    assert restore(source.settings, source.folder, Target(backup=source.entries[0].id), target.with_name("base"), check=False)


def test_wal_is_kept_for_a_backup_whose_entry_cannot_be_read(source):
    age(source, 20)
    entry = source.folder.path / f"{source.entries[1].id}.json"
    kept = entry.read_bytes()
    entry.unlink()
    entry.write_bytes(kept[:-9])
    [found] = expire(source.settings, source.folder)
    assert (found.names, found.reason) == ((), f"{entry.name} cannot be read and may need it: all its WAL is kept")


def test_a_base_stays_as_long_as_what_adds_to_it_is_read(tmp_path):
    tmp_path.chmod(0o700)
    settings = Settings(backup_dir=tmp_path)
    folder = Folder.of(settings)
    entries = []
    for each in [*chained(60, 59, 58), entry(20)]:
        entries.append(each.model_copy(update={"parts": (Part(file=f"{each.id}.cluster", bytes=1, sha256="0" * 64),)}))
        (tmp_path / entries[-1].parts[0].file).mkdir()
        Catalogue(folder).add(entries[-1], [])
    for read in (entries[1], entries[0]):
        with folder.using(read.parts[0].file):
            assert [each.entry for each in prune(settings, folder, dry_run=True) if each.keep][:-1] == entries[: entries.index(read) + 1]
            prune(settings, folder, dry_run=False)
        assert Catalogue(folder).read()[0] == [*entries[: entries.index(read) + 1], entries[-1]]
    prune(settings, folder, dry_run=False)
    assert Catalogue(folder).read()[0] == entries[-1:]


def test_a_chain_is_not_pruned_while_it_is_verified(source, monkeypatch):
    """Nor is it called damaged, however many members it has: the newest of them keeps the rest."""
    age(source, 40)
    base(source.settings, source.folder)
    age(source, 10)
    seen = []

    def prune_meanwhile(folder, entry, programs):
        seen.append([decision.keep for decision in prune(source.settings, source.folder, dry_run=True)])
        return prove(folder, entry, programs)

    monkeypatch.setattr("app_schema.physical.verify.prove", prune_meanwhile)
    old = [entry.id for entry in source.entries[:3]]
    found = {finding.name: finding.error for finding in verify(source.settings, source.folder, source.entries[:3], everything=True)}
    assert [found[each] for each in old] == [None] * 3
    assert seen == [[True] * 4] * 3
    assert [decision.keep for decision in prune(source.settings, source.folder, dry_run=False)] == [False] * 3 + [True]


def test_what_somebody_reads_is_not_removed(source):
    age(source, 20)
    with source.folder.using(f"wal/{source.wal.name}"):
        [kept_back] = expire(source.settings, source.folder)
        assert (kept_back.names, kept_back.reason) == ((), "somebody reads it just now")
    assert expire(source.settings, source.folder)[0].names


def test_a_gap_is_as_long_as_it_is_on_whatever_way_leads_over_it(tmp_path):
    """Timeline 2 left timeline 1 in segment 6; of what lies before, 4 is missing."""
    size = 1 << 20
    for timeline, numbers in {1: (2, 3, 5, 6, 7), 2: (6, 7, 8)}.items():
        for number in numbers:
            with (tmp_path / Segment(timeline, number).name(size)).open("wb") as file:
                file.truncate(size)
    (tmp_path / "00000002.history").write_text(f"1\t{show_lsn(6 * size + 4000)}\tno reason\n")
    archive = Archive(tmp_path, size)
    for to in (1, 2):
        found = route.find(archive, route.legs(archive, 2 * size, 1, to))
        assert found.gap.says == f"1 segment of WAL missing, the first is {Segment(1, 4).name(size)}"
    for timeline, number in ((1, 5), (1, 6), (2, 6)):
        (tmp_path / Segment(timeline, number).name(size)).unlink()
    archive = Archive(tmp_path, size)
    found = route.find(archive, route.legs(archive, 2 * size, 1, 2))
    assert found.gap.says == f"3 segments of WAL missing, the first is {Segment(1, 4).name(size)}"
