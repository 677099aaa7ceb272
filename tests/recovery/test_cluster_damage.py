"""A bit flipped anywhere in a chain or its WAL, a file missing or cut off: noticed by verify, and refused by a restore."""

import json
import os
import random
import re
import struct

import pytest
from folders import place
from sources import Source, flip, new_folder, replace, rows

from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.errors import AppSchemaError, BackupDamaged, WalDamaged, WalEnds
from app_schema.physical import route, tail
from app_schema.physical.archive import Archive
from app_schema.physical.base import base, incremental
from app_schema.physical.records import Reader
from app_schema.physical.route import Leg
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target

MEMBERS = {"root": 0, "middle": 1, "newest": 2}


def findings(source, *, everything=False):
    return {finding.name: finding for finding in verify(source.settings, source.folder, source.entries, everything=everything)}


def errors(source, **options):
    return [finding.error for finding in verify(source.settings, source.folder, source.entries, **options) if finding.error]


def data(source, member):
    return source.folder.path / source.entries[MEMBERS[member]].parts[0].file / "data"


def a_table(source, member):
    """A file of the cluster that the manifest names, with rows in it."""
    files = json.loads((data(source, member) / "backup_manifest").read_bytes())["Files"]
    return data(source, member) / max((file for file in files if file["Path"].startswith("base/")), key=lambda file: file["Size"])["Path"]


def refused(source, target):
    with pytest.raises(BackupDamaged) as caught:
        restore(source.settings, source.folder, Target(), target)
    assert not target.exists()
    return str(caught.value)


def test_an_undamaged_one(source):
    found = findings(source)
    assert [finding.error for finding in found.values() if finding.error] == []
    assert found["WAL of timeline 1"].note.endswith("as written")
    assert all(entry.verified[-1].error is None for entry in source.entries)


@pytest.mark.parametrize("member", MEMBERS)
def test_a_bit_flipped_in_a_backup(source, target, member):
    flip(a_table(source, member))
    if member == "root":
        assert "checksum mismatch" in (said := refused(source, target))
        assert "there is no good base backup of this cluster: of 3, the newest being" in said
    else:  # the one before it and more WAL do as well
        done = restore(source.settings, source.folder, Target(), target, start=True, check=False)
        assert rows(source, done) == [row for row, _, _ in source.committed]
        assert [each.id for each in done.plan.members] == [each.id for each in source.entries[: MEMBERS[member]]]
        assert sum("it was not used" in note for note in done.notes) == 3 - MEMBERS[member]
        assert f"{source.entries[MEMBERS[member]].id} is damaged: " in done.notes[0]
    found = errors(source)
    assert "checksum mismatch" in found[0]
    assert len(found) == 3 - MEMBERS[member]  # and what adds to it
    assert [bool(entry.damaged) for entry in source.entries] == [number >= MEMBERS[member] for number in range(3)]


@pytest.mark.parametrize("which", ["first", "middle", "last whole"])
def test_a_bit_flipped_in_the_wal(source, target, which):
    segments = source.segments
    path = segments[{"first": 0, "middle": len(segments) // 2, "last whole": -1}[which]]
    end = len(path.read_bytes().rstrip(b"\0"))
    flip(path, end // 2 // 8192 * 8192 + 4000 if end > 20000 else end - 100)
    [error] = errors(source)
    assert "the WAL of timeline 1 is damaged after " in error
    newest = source.entries[-1]
    if path.name >= chain.place(newest).start_wal:
        said = refused(source, target)
        assert "is damaged after" in said
        assert re.search(r"; --target-xid \d+ restores what there is before that, up to 2\d\d\d-.* KST$", said) or "--backup" in said


def test_damage_hides_nothing_that_comes_after_it(source):
    """All damage is an error each time, as long as it is there: what a later backup leads on from, and what none does."""
    early, late = source.segments[0], source.segments[-1]
    flip(early, 296)
    [first] = errors(source)
    assert first.endswith(f"{source.entries[1].id} leads on")
    flip(late, 300)
    for everything in (True, False):
        *_, found = errors(source, everything=everything)
        assert "nothing later can be recovered from before it" in found
        assert f"0/{int(late.name[16:], 16):X}0" in found
    flip(late, 300)
    for everything in (False, True):
        assert errors(source, everything=everything) == [first]
    flip(early, 296)
    assert errors(source) == []
    assert "no moment" not in "".join(finding.note for finding in verify(source.settings, source.folder, source.entries))


def test_a_bit_flipped_in_the_unfinished_segment(source):
    """It ends in zeros, and its end is no damage; what has WAL after it is never taken for the end."""
    [partial] = source.wal.glob("*.partial")
    whole = source.reader.prove()
    covered = bytes_of_records(partial.read_bytes(), whole % (16 << 20))  # not those of the last record, which nothing follows
    for offset in sorted(random.Random(6).sample(covered, 25)):
        flip(partial, offset)
        with pytest.raises(WalDamaged, match="is damaged after"):
            source.reader.prove()
        flip(partial, offset)
    assert source.reader.prove() == whole


def bytes_of_records(content, end):
    """The offsets, up to ``end``, of bytes that a CRC covers; what pads page headers and records holds nothing, and nobody reads it."""
    payload = [offset for offset in range(end) if offset % tail.PAGE >= (tail.LONG if offset < tail.PAGE else tail.SHORT)]
    (left,) = struct.unpack_from("<I", content, 16)  # of a record that began in the segment before
    covered, at = [], left
    while (at := -(-at // tail.ALIGNED) * tail.ALIGNED) < len(payload):
        (length,) = struct.unpack_from("<I", content, payload[at])
        covered += payload[at : at + length]
        at += length
    return covered


def test_a_segment_that_nothing_was_written_in_yet(source):
    """The receiver makes each file before it has anything to write. pg_waldump is not shown it: it may ask it how long segments are."""
    [partial] = source.wal.glob("*.partial")
    replace(partial, lambda content: bytes(len(content)))
    assert errors(source) == []
    assert source.reader.route.files[-1].path == source.segments[-1]


def test_the_beginning_of_the_unfinished_segment_is_lost(source):
    """What has records after it is not what nothing was written in yet."""
    [partial] = source.wal.glob("*.partial")
    replace(partial, lambda content: content.__setitem__(slice(0, 8192), bytes(8192)) or content)
    [error] = errors(source)
    assert "is not segment" in error


def test_the_last_record_is_torn(source, target):
    """As when the receiver was killed while it wrote: that is where the WAL ends."""
    [partial] = source.wal.glob("*.partial")
    end = len(partial.read_bytes().rstrip(b"\0"))

    def tear(content):
        content[end - 6 :] = bytes(len(content) - end + 6)
        return content

    replace(partial, tear)
    assert errors(source) == []
    done = restore(source.settings, source.folder, Target(), target, check=False)
    assert done.plan.last.xid <= source.committed[-1][1]


def test_a_segment_is_missing(source, target):
    """It is named with the last transaction before it, which can be restored; so can every moment before."""
    path = source.segments[-1]
    reader = Reader(route.find(Archive(source.wal, 16 << 20), (Leg(1, int(path.name[16:], 16) << 24, None),)), source.reader.programs)
    moment = next(reader.transactions()).time
    path.unlink()
    why = f"1 segment of WAL missing, the first is {path.name}"
    assert errors(source) == [f"{why}: nothing later can be recovered from before it; take a new base with app-schema backup base"]
    last = [(xid, at) for _, xid, at in source.committed if at < moment][-1]
    assert refused(source, target) == f"{why}; --backup {source.entries[-1].id} restores what was there when it was taken"
    done = restore(source.settings, source.folder, Target(xid=last[0]), target, start=True, check=False)
    assert rows(source, done) == [row for row, _, at in source.committed if at < moment]


@pytest.mark.parametrize("size", [0, 4096, 16 << 20 | 1])
def test_a_segment_has_the_wrong_size(source, target, size):
    path = source.segments[-1]
    replace(path, lambda content: content[:size].ljust(size, b"\0"))
    [error] = errors(source)
    assert f"{path.name} is {size:,} bytes and a segment of WAL has 16,777,216" in error
    assert f"is {size:,} bytes" in refused(source, target)


def test_a_segment_of_another_cluster(source):
    path = source.segments[-1]
    flip(path, 24)  # the system identifier in its header, which no CRC covers
    [error] = errors(source)
    assert "is not segment" in error


@pytest.mark.parametrize("how", ["missing", "edited"])
def test_the_manifest(source, target, how):
    """An edited one that fits its own checksum, even: the catalogue knows another."""
    path = data(source, "middle") / "backup_manifest"
    path.unlink() if how == "missing" else replace(path, lambda content: content + b"\n")
    expected = "cannot be read" if how == "missing" else "was edited or damaged"
    with pytest.raises(BackupDamaged, match=expected):
        restore(source.settings, source.folder, Target(backup=source.entries[2].id), target)
    assert not target.exists()
    assert expected in errors(source)[0]


def test_what_was_there_before_is_missed(source, target):
    """Not only a hole: an archive that ends earlier than it did has lost something, whoever reads all of it again or restores it."""
    assert errors(source) == []
    for path in (*source.wal.glob("*.partial"), source.segments[-1]):
        path.rename(source.home / path.name)
        for everything in (False, True):
            [error] = errors(source, everything=everything)
            reached = r"the archive ends at \S+, and reached \S+ on 2\d\d\d-\d\d-\d\d \d\d:\d\d KST"
            assert re.match(rf"{reached}: what was committed since is no longer there", error)
        with pytest.raises(WalEnds, match="is no longer there; --"):
            restore(source.settings, source.folder, Target(), target)
    (source.home / path.name).rename(path)
    for path in source.segments:
        path.unlink()
    assert "the archive ends at" in errors(source)[0]


def test_a_gap_is_an_error_each_time_although_a_newer_backup_leads_on(source):
    source.segments[0].unlink()  # before the second backup
    name = "WAL of timeline 1"
    found = [finding for finding in verify(source.settings, source.folder, source.entries) if finding.name == name]
    assert [bool(finding.error) for finding in found] == [False, True, False]
    assert f"{source.entries[1].id} leads on" in found[1].error
    found = [finding for finding in verify(source.settings, source.folder, source.entries) if finding.name == name]
    assert [bool(finding.error) for finding in found] == [True, False]
    assert "no moment from there to" in found[0].error


@pytest.mark.parametrize("was_there", [False, True])
def test_wal_from_before_archiving_began_is_no_damage(source, was_there):
    """Who takes a base and archives from the next day on has lost nothing; unless it was seen there before."""
    if was_there:
        assert errors(source) == []
    begins = chain.place(source.entries[1]).start_wal
    for path in source.wal.iterdir():
        if re.match("[0-9A-F]{24}", path.name) and path.name < begins:
            path.unlink()
    for _ in range(2):
        found = list(verify(source.settings, source.folder, source.entries))
        assert [finding.name for finding in found if finding.error] == ["WAL of timeline 1"] * was_there
        assert any("for archiving began later" in finding.note for finding in found) is not was_there


def test_an_archive_that_ends_before_a_backup_begins(source):
    for path in (*source.wal.glob("*.partial"), *source.segments[1:]):
        path.unlink()
    for _ in range(2):  # as long as nobody archives
        [error] = errors(source)
        assert f"and {source.entries[1].id} begins at" in error


@pytest.mark.parametrize("how", ["entry", "files"])
def test_a_parent_is_missing(source, target, how):
    middle = source.entries[1]
    gone = source.folder.path / middle.parts[0].file
    if how == "entry":
        (source.folder.path / f"{middle.id}.json").unlink()
    else:
        gone.rename(gone.with_name("elsewhere"))
    newest = source.entries[-1]
    with pytest.raises(AppSchemaError, match=r"missing|No such file|pruned"):
        restore(source.settings, source.folder, Target(backup=newest.id), target)
    assert not target.exists()
    assert any("missing" in error or "No such file" in error for error in errors(source))


def test_what_was_read_is_remembered_and_its_absence_still_noticed(source):
    first = findings(source)
    assert [finding.note for finding in first.values()][:3] == ["as written"] * 3
    assert all("all there, read on" in finding.note for finding in findings(source).values())
    [partial] = source.wal.glob("*.partial")
    os.utime(partial)  # as when more was written
    begin = findings(source)["WAL of timeline 1"].note.split("read from ")[1]
    assert begin != first["WAL of timeline 1"].note.split("read from ")[1]
    a_table(source, "middle").unlink()
    source.segments[0].unlink()
    assert sum(bool(finding.error) for finding in findings(source).values()) >= 3


def test_a_record_that_went_on_in_the_next_segment_is_read_when_that_is_there(long):
    """What was read last ended in the middle of it, where no CRC could be compared."""
    later = long.segments[2:]
    for path in later:
        path.rename(long.home / path.name)
    assert errors(long) == []
    flip(long.segments[-1], -20)
    for path in later:
        (long.home / path.name).rename(path)
    [error] = errors(long)
    assert "the WAL of timeline 1 is damaged after " in error


@pytest.fixture
def long(history):
    """WAL of which no segment was filled up: records go on from one to the next."""
    with place() as home:
        source = Source(home, history.server, history.settings.model_copy(update={"backup_dir": new_folder(home / "backups")}))
        base(source.settings, source.folder)
        with source.receiving(), source.connect() as connection:
            connection.execute("CREATE TABLE long AS SELECT repeat('x', 900) AS text FROM generate_series(1, 60000)")
            connection.execute("DROP TABLE long")
            source.wait_for_receiver()
        for partial in source.wal.glob("*.partial"):
            partial.unlink()
        yield source


def test_all_reads_again_what_was_proved(source):
    assert errors(source) == []
    flip(a_table(source, "root"))
    assert errors(source) == []
    assert "checksum mismatch" in errors(source, everything=True)[0]
    assert source.entries[0].damaged


def test_no_incremental_upon_a_damaged_one(source):
    path = data(source, "newest") / "backup_manifest"
    replace(path, lambda content: content + b"\n")
    with pytest.raises(BackupDamaged, match="was edited or damaged"):
        incremental(source.settings, source.folder)
    assert len(Catalogue(source.folder).read()[0]) == 3


def test_modes(source):
    """0700 and 0600, whatever the umask."""
    for path in source.folder.path.rglob("*"):
        mode = os.lstat(path).st_mode & 0o777
        assert mode & 0o077 == 0, (oct(mode), path)
