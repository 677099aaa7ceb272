"""What can be wrong with a cluster in a bucket, or where it is to go: one line, nothing kept of it, nothing overwritten."""

import json
import shutil
import subprocess
from datetime import UTC, datetime

import pyrage
import pytest
from away import WITH_AGE, bring, bring_one, command, contents, machine, send
from buckets import bucket, flipped
from folders import place

from app_schema import patience
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.copies import FetchFailed
from app_schema.backup.entry import Entry
from app_schema.backup.event import Verification
from app_schema.backup.fetch import InTheWay
from app_schema.backup.folder import PRUNE_OR_FETCH, UNFINISHED
from app_schema.errors import BackupBusy, BackupDamaged, BackupError, BackupUnknown, EncryptionError
from app_schema.physical import elsewhere
from app_schema.physical.verify import verify

pytestmark = pytest.mark.usefixtures("broken_off")


@pytest.fixture(scope="module")
def sent(history):
    """A base and its WAL, encrypted, in several pieces."""
    with bucket() as objects, place() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(elsewhere, "PIECE_BYTES", 12 << 20)
        send(history.copy(home), objects, 1, **WITH_AGE)
        yield objects


@pytest.fixture(scope="module")
def plain(history):
    """The same in clear, in one piece."""
    with bucket() as objects, place() as home:
        send(history.copy(home), objects, 1)
        yield objects


@pytest.fixture
def there(history):
    with place() as home:
        yield machine(history, home)


@pytest.fixture
def base(history):
    return history.entries[0]


def refused(there, objects, error, match, **more):
    """It ends with one line, and the folder is as it was."""
    before = {name: content for name, content in contents(there.folder).items() if not name.startswith("wal/")}
    with pytest.raises(error, match=match) as found:
        bring(there, objects, **more)
    assert "\n" not in str(found.value)
    after = contents(there.folder)
    assert {name: content for name, content in after.items() if not name.startswith("wal/")} == before
    assert not [name for name in after if UNFINISHED in name]


@pytest.mark.parametrize(
    ("ending", "change", "refusal"),
    [
        ("0001", flipped, (EncryptionError, r"cluster.tar.age.0000 cannot be opened: .*the copy is damaged: use another")),
        ("0001", lambda _: None, (BackupUnknown, "no whole base backup")),
        ("0003", lambda _: None, (BackupUnknown, "no whole base backup")),
        ("0003", lambda content: content[:-1000], (EncryptionError, "cannot be opened")),
    ],
    ids=["flipped", "the second missing", "the last missing", "cut off"],
)
def test_a_piece(ending, change, refusal, sent, there, base):  # noqa: PLR0913, PLR0917
    with sent.changed(f"{base.parts[0].file}.tar.age.{ending}", change):
        refused(there, sent, *refusal)


def test_a_missing_piece_is_named(sent, there, base):
    lacks = "lacks piece 0001; use another of app-schema backup fetch --list"
    with sent.changed(f"{base.parts[0].file}.tar.age.0001", lambda _: None), pytest.raises(BackupDamaged, match=lacks):
        bring_one(there, sent, base.id)


def test_a_file_in_clear_was_altered(plain, there, base):
    """The manifest, whose hash the entry holds, tells."""
    with plain.changed(f"{base.parts[0].file}.tar.0000", flipped):
        refused(there, plain, BackupDamaged, "is damaged, and nothing of it was kept")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (flipped, "was edited or damaged: its seal does not fit"),
        (lambda content: content[: len(content) // 2], "was cut off"),
        (
            lambda content: another(content, id="20200101T000000Z-base-0000"),
            "20200101T000000Z-base-0000. under another name",
        ),
        (lambda content: with_file(content, "/../../escaped"), "which is no file of"),
        (lambda content: with_file(content, "/../escaped", beginning=True), "which is no file of"),
        (lambda content: with_place(content, system_identifier="../../x"), "which is no system identifier of"),
        (lambda content: with_place(content, parent="../../x"), "which is no parent of"),
        (lambda content: with_place(content, segment_bytes=0), "'0', which is no size of WAL segments"),
    ],
    ids=["flipped", "cut off", "another's", "outside", "outside by its beginning", "its cluster", "its parent", "segments of nothing"],
)
def test_an_entry(change, match, sent, there, base):
    """Sealed anew by whoever may write to the bucket, if need be."""
    with sent.changed(f"{base.id}.json", change):
        with pytest.raises(BackupDamaged, match=match):
            bring_one(there, sent, base.id)
        refused(there, sent, BackupUnknown, "no whole base backup")


def unsealed(content):
    return Entry.unsealed(content, json.loads(content)["id"])


def another(content, **facts):
    return unsealed(content).model_copy(update=facts).sealed()


def with_file(content, name, *, beginning=False):
    entry = unsealed(content)
    part = entry.parts[0].model_copy(update={"file": f"{entry.id}.{name}" if beginning else name})
    return another(content, parts=(part,))


def with_place(content, **facts):
    return another(content, physical=unsealed(content).physical.model_copy(update=facts))


def test_a_key_that_is_another_or_none(sent, there):
    path = there.settings.backup_age_identity_file
    mine = path.read_text()
    path.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    refused(there, sent, EncryptionError, "written to another public key")
    path.write_text(mine)
    refused(there, sent, EncryptionError, "set APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE", backup_age_identity_file=None)


@pytest.mark.parametrize(
    ("update", "match"),
    [
        ({"backup_s3_url": "s3://nobody-made-this"}, "check APP_SCHEMA_BACKUP_S3_URL.*NoSuchBucket.*; what came whole is kept"),
        ({"backup_s3_endpoint": "http://127.0.0.1:9"}, "check the network, and APP_SCHEMA_BACKUP_S3_ENDPOINT"),
    ],
    ids=["missing", "unreachable"],
)
def test_a_bucket(update, match, sent, there):
    refused(there, sent, FetchFailed, match, **update)


def test_wal_that_cannot_be_opened(sent, there, history):
    """What came before it stays, and is not fetched again."""
    name = history.segments[2].name
    with sent.changed(f"wal/{history.wal.name}/{name}.age", flipped), pytest.raises(EncryptionError, match=f"{name}.age cannot be opened"):
        bring(there, sent)
    assert not (there.wal / name).exists()
    assert not list(there.folder.path.rglob(f"{UNFINISHED}*"))
    done, _ = bring(there, sent)
    assert (done[0].bytes, done[1].fetched + done[1].there) == (0, len(history.segments) + 1)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda content: content[:-512], "a segment of WAL has 16,777,216"),
        (lambda content: content[:8] + bytes(8) + content[16:], "it is another segment, or of another cluster"),
    ],
    ids=["cut off", "another's"],
)
def test_wal_in_clear_that_is_another(change, match, plain, there, history):
    name = history.segments[2].name
    with plain.changed(f"wal/{history.wal.name}/{name}", change), pytest.raises(BackupDamaged, match=match):
        bring(there, plain)
    assert not (there.wal / name).exists()


def in_a_record(content):
    """More bytes than there are between two records, in the middle of what is used of a segment."""
    middle = len(content.rstrip(b"\0")) // 2
    content[middle : middle + 32] = bytes(each ^ 1 for each in content[middle : middle + 32])
    return content


def test_wal_in_clear_that_was_altered(plain, there, history):
    """Its records tell, when all of it is there; and so does a hole."""
    fullest = max(history.segments, key=lambda path: len(path.read_bytes().rstrip(b"\0")))
    name = f"wal/{history.wal.name}/{fullest.name}"
    with plain.changed(name, in_a_record):
        code, _, error = command(there, plain, "backup", "fetch", "--cluster", "--unencrypted")
        assert (code, error.count("\n")) == (3, 1)
        assert "it was fetched, and is not as it was written: WAL of timeline 1" in error
    (there.folder.path / name).unlink()
    bring(there, plain)
    name = f"wal/{history.wal.name}/{history.segments[2].name}"
    (there.folder.path / name).unlink()
    with plain.changed(name, lambda _: None):
        bring(there, plain)
    assert [
        finding.error for finding in verify(there.settings, there.folder, there.entries) if "1 segment of WAL missing" in str(finding.error)
    ]
    bring(there, plain)
    assert not [finding.error for finding in verify(there.settings, there.folder, there.entries) if finding.error]


def test_an_object_among_the_wal_that_is_none(plain, there, history):
    """It is said, and left there, wherever its name would lead."""
    name = f"wal/{history.wal.name}/../../escaped"
    plain[name] = b"escaped"
    try:
        done, _ = bring(there, plain)
    finally:
        del plain[name]
    assert done[1].strange == ("../../escaped",)
    assert not list(there.home.rglob("escaped"))


def test_what_lies_there_is_not_overwritten(sent, there, base, history):
    tree = there.folder.path / base.parts[0].file
    tree.mkdir(parents=True)
    (tree / "mine").write_text("mine")
    refused(there, sent, InTheWay, f"lies there and is not what was taken .*: mv .*{base.id}\\.\\* ELSEWHERE")
    shutil.rmtree(tree)
    note = there.folder.path / f"{base.id}.json"
    note.write_text("{}")
    refused(there, sent, InTheWay, "cannot be read; move it away")
    note.unlink()
    wal = there.folder.path / "wal" / history.wal.name
    wal.mkdir(parents=True, exist_ok=True)
    (wal / history.segments[0].name).write_text("short")
    refused(there, sent, InTheWay, "has 5 bytes, and a segment of WAL has 16,777,216: move it away")
    assert (wal / history.segments[0].name).read_text() == "short"


def test_a_damaged_backup_can_be_fetched_anew(plain, there, base):
    bring(there, plain)
    damage = Verification(at=datetime.now(UTC), error="one bit")
    Catalogue(there.folder).amend(base.id, lambda now: now.model_copy(update={"verified": (damage,)}))
    refused(there, plain, InTheWay, "is in the folder and is damaged there; move it away")
    shutil.rmtree(there.folder.path / base.parts[0].file)
    bring(there, plain)
    assert there.entries[0].damaged is None


def test_another_fetch_that_does_not_end(sent, there, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    with there.folder.alone(PRUNE_OR_FETCH):
        refused(there, sent, BackupBusy, r"another prune or fetch in \S+ \(process \d+, since .* KST\) did not end in 0.2 s")


def test_there_is_no_room(sent, there, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 1 << 20))
    refused(there, sent, BackupError, r"has 1 MB free and \d+ MB are to come: make room, or set APP_SCHEMA_BACKUP_DIR")


def test_the_disk_is_full(sent, there, monkeypatch):
    """Somebody else writes there, too: it was large enough at first."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", there.folder.path], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this user may not mount a disk")
    try:
        for room in ("app_schema.physical.fetch.check_room", "app_schema.physical.fetch_wal.check_room"):
            monkeypatch.setattr(room, lambda *_: None)
        refused(there, sent, BackupError, "No space left on device .*; make room")
    finally:
        subprocess.run(["umount", there.folder.path], check=True)
