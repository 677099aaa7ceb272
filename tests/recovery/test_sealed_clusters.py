"""Base backups and WAL with a seal: what a machine without the key has written is not recovered from, unless asked."""

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from away import bring, command, machine, send
from buckets import bucket
from click.testing import CliRunner
from folders import place
from sources import a_table, flip, keyed, replace

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import _seal
from app_schema.backup.seal import NotSealed
from app_schema.backup.upload import Bucket
from app_schema.cli import main
from app_schema.errors import BackupDamaged, EncryptionError, RestoreError
from app_schema.physical.archive import opened
from app_schema.physical.elsewhere import TAIL, upload_wal
from app_schema.physical.expiry import expire
from app_schema.physical.layout import DATA, PASSED_OVER, WAL
from app_schema.physical.sealing import seal_entry
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.cluster_drill import drill
from app_schema.restore.plan import plan
from app_schema.restore.target import Target

pytestmark = pytest.mark.usefixtures("broken_off")


@pytest.fixture
def sealed(source):
    """The history, whose backups were sealed."""
    keyed(source)
    for entry in source.entries:
        seal_entry(Catalogue(source.folder), entry, None)
    return source


def unseal(source, entry):
    path = source.folder.path / f"{entry.id}.json"
    replace(path, lambda _: entry.model_copy(update={"mac": None}).sealed())


def test_a_chain_that_is_sealed(sealed, target):
    done = restore(sealed.settings, sealed.folder, Target(), target, check=False)
    assert [member.id for member in done.plan.members] == [entry.id for entry in sealed.entries]


@pytest.mark.parametrize("home", ["~nobody_of_this_name/x", f"/tmp/{'a' * 300}"])
def test_a_folder_that_cannot_be(home, source):
    with pytest.raises(RestoreError, match="is no path here"):
        restore(source.settings, source.folder, Target(), Path(home))


def test_none_is_sealed(source, target):
    keyed(source)
    for moment in (Target(), Target(backup=source.entries[1].id)):
        with pytest.raises(NotSealed, match=r"carries no seal of APP_SCHEMA_BACKUP_SEAL_KEY_FILE, .* give --unsealed"):
            restore(source.settings, source.folder, moment, target)
    with pytest.raises(NotSealed):
        drill(source.settings, source.folder, source.entries[0].id)
    assert all(not entry.drills and not entry.damaged for entry in source.entries)
    assert not target.exists()
    assert restore(source.settings, source.folder.trusting(), Target(), target, check=False).differences == ()


def test_the_nearest_that_is_sealed_is_taken(sealed):
    unseal(sealed, sealed.entries[2])
    assert [member.id for member in plan(sealed.settings, sealed.folder, Target()).members] == [each.id for each in sealed.entries[:2]]


def test_a_parent_that_is_not_sealed(sealed):
    unseal(sealed, sealed.entries[1])
    assert [member.id for member in plan(sealed.settings, sealed.folder, Target()).members] == [sealed.entries[0].id]
    with pytest.raises(BackupDamaged, match=f"adds to {sealed.entries[1].id}, which is missing"):
        plan(sealed.settings, sealed.folder, Target(backup=sealed.entries[2].id))


@pytest.mark.parametrize("name", PASSED_OVER)
def test_what_pg_verifybackup_passes_over(name, source, target):
    """A setting there is a command that the server runs: archive_cleanup_command, ssl_passphrase_command."""
    [base, *_] = source.entries
    path = source.folder.path / base.parts[0].file / DATA / name
    if not path.exists():
        path.touch()
    replace(path, lambda content: content + b"ssl_passphrase_command = 'touch ran'\n")
    with pytest.raises(BackupDamaged, match=f"{name} was edited or damaged"):
        restore(source.settings, source.folder, Target(backup=base.id), target)
    findings = list(verify(source.settings, source.folder, source.entries, everything=True))
    assert any(f"{name} was edited or damaged" in str(finding.error) for finding in findings)


def test_settings_that_were_taken_away(source, target):
    """pg_hba.conf elsewhere, TLS, libraries: without them the server is another one."""
    [base, *_] = source.entries
    (source.folder.path / base.parts[0].file / DATA / "postgresql.auto.conf").unlink()
    with pytest.raises(BackupDamaged, match=r"postgresql\.auto\.conf was edited or damaged"):
        restore(source.settings, source.folder, Target(backup=base.id), target)


PLANTED = {
    "a file as a link": "data/postgresql.conf",
    "the WAL as a link": "data/pg_wal",
    "tablespaces as a link": "tablespaces",
    "links as a link": "data/pg_tblspc",
    "the data as a link": "data",
}


@pytest.mark.parametrize("how", PLANTED)
def test_links_in_a_backup(how, sealed, target, tmp_path):
    """PostgreSQL's programs follow them: what they lead to can change after the proof."""
    [base, *_] = sealed.entries
    tree = sealed.folder.path / base.parts[0].file
    place, elsewhere = tree / PLANTED[how], tmp_path / "elsewhere"
    if place.exists():
        shutil.move(place, elsewhere)
    else:
        elsewhere.mkdir()
    place.symlink_to(elsewhere)
    (tmp_path / "victim").write_text("mine")
    if how == "links as a link":
        (elsewhere / "1").symlink_to(tmp_path / "victim")
        (tree / "tablespaces/1").mkdir(parents=True)
    with pytest.raises(BackupDamaged, match=r"is a link, which no backup has|is neither file nor folder"):
        restore(sealed.settings, sealed.folder, Target(backup=base.id), target)
    findings = list(verify(sealed.settings, sealed.folder, sealed.entries, everything=True))
    assert any(finding.name == base.id and finding.error for finding in findings)
    if how == "links as a link":
        assert (elsewhere / "1").readlink() == tmp_path / "victim"


@pytest.mark.parametrize("how", ["without its folder", "elsewhere"])
def test_a_link_of_a_tablespace_leads_elsewhere(how, sealed, target, tmp_path):
    """A restored cluster would write there: into the running server's own, for one."""
    [base, *_] = sealed.entries
    tree = sealed.folder.path / base.parts[0].file
    (tmp_path / "elsewhere").mkdir()
    (tree / "data/pg_tblspc/99999").symlink_to(tmp_path / "elsewhere")
    if how == "elsewhere":
        (tree / "tablespaces").mkdir(exist_ok=True)
        (tree / "tablespaces/99999").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BackupDamaged, match=r"is of no backup: somebody put it there|is neither file nor folder"):
        restore(sealed.settings, sealed.folder, Target(backup=base.id), target)


def test_a_base_of_another_size_of_segments_removes_no_wal(sealed):
    """One that nothing proves does not say how the files are counted; and two that are proved cannot differ."""
    there = sorted(path.name for path in sealed.wal.iterdir())
    [base, *_] = sealed.entries
    facts = {"start_lsn": "FF/F000028", "segment_bytes": 1 << 30, "wal": {}}
    strange = base.model_copy(update={"mac": None, "physical": base.physical.model_copy(update=facts)})
    old = strange.model_copy(update={"id": f"{base.id[:-4]}0000", "started": base.started - timedelta(days=20)})
    expire(sealed.settings, sealed.folder, [old, *sealed.entries], dry_run=False)
    assert set(there) - {path.name for path in sealed.wal.iterdir()} <= {name for name in there if name < base.physical.start_wal}
    [kept] = expire(sealed.settings, sealed.folder.trusting(), [old, *sealed.entries], dry_run=False)
    assert (kept.names, kept.reason) == ((), "its backups name several sizes of WAL segments: all its WAL is kept")


@pytest.mark.parametrize(
    "where", ["evil", "configuration/etc.conf", "tablespaces/evil", "tablespaces/1", "data/evil", "data/pg_wal/archive_status/evil"]
)
def test_what_lies_beside_the_data(where, sealed, target):
    [base, *_] = sealed.entries
    path = sealed.folder.path / base.parts[0].file / where
    path.parent.mkdir(exist_ok=True)
    path.mkdir() if where.startswith("tablespaces") else path.write_text("x")
    with pytest.raises(BackupDamaged):
        restore(sealed.settings, sealed.folder, Target(backup=base.id), target)


def test_verify_seals_only_what_it_has_read(source, tmp_path):
    """Not what is not due today, of which only sizes are looked at."""
    list(verify(source.settings, source.folder, source.entries))
    [base, *_] = source.entries
    flip(a_table(source))
    keyed(source)
    known = {
        "APP_SCHEMA_BACKUP_DIR": str(source.folder.path),
        "APP_SCHEMA_BACKUP_SEAL_KEY_FILE": str(source.settings.backup_seal_key_file),
        "APP_SCHEMA_HOME": str(tmp_path),
    }
    done = CliRunner().invoke(main, ["backup", "verify", "--seal"], env=known)
    assert done.exit_code == 3
    assert f"{base.id}: sealed" not in done.stdout
    assert Catalogue(source.folder).proved(source.entries) == []


@pytest.mark.parametrize("what", ["a cluster", "a folder", "a segment"])
def test_links_in_the_archive(what, source, tmp_path):
    """The server's account may write there, and what it has no right to is not read, sent or removed."""
    victim = tmp_path / "victim"
    victim.mkdir()
    segment = source.segments[0]
    (victim / segment.name).write_bytes(segment.read_bytes())
    (victim / "secret").write_text("c4nary")
    if what == "a cluster":
        place = source.wal
        shutil.move(place, tmp_path / "away")
        place.symlink_to(victim)
    elif what == "a folder":
        (source.wal / "before-x").symlink_to(victim)
    else:
        segment.unlink()
        segment.symlink_to(victim / "secret")
    expire(source.settings, source.folder, [source.entries[-1]], dry_run=False)
    with bucket() as objects:
        settings = source.settings.model_copy(update=objects.settings)
        upload_wal(settings, source.folder, Bucket.of(settings))
        assert b"c4nary" not in b"".join(objects[name] for name in objects.names if name.startswith("wal/"))
    assert sorted(path.name for path in victim.iterdir()) == sorted([segment.name, "secret"])


@pytest.mark.parametrize("name", ["0000000100000000000000FF", "zz.partial", ".newest.sent"])
@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_in_the_archive(name, kind, source):
    """A pipe that nobody fills would hold the copies up for ever."""
    path = source.wal / name
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    with bucket() as objects:
        settings = source.settings.model_copy(update=objects.settings)
        assert upload_wal(settings, source.folder, Bucket.of(settings)) >= len(source.segments)
    if path.is_fifo():
        with pytest.raises(BackupDamaged, match="is no file; remove what somebody put there"):
            opened(path)


@pytest.mark.parametrize("what", ["changed", "added", "removed"])
def test_the_wal_that_a_base_brings_along(what, sealed, target):
    """Recovery does whatever it says, and it is in no manifest."""
    [base, *_] = sealed.entries
    folder = sealed.folder.path / base.parts[0].file / DATA / WAL
    [segment] = [path for path in folder.iterdir() if path.is_file()]
    if what == "changed":
        flip(segment, -100)  # beyond the last record, where pg_waldump sees nothing
    elif what == "added":
        (folder / "00000009.history").write_text("")
    else:
        segment.unlink()
    with pytest.raises(BackupDamaged, match=r"is not the WAL that was written|WAL missing"):
        restore(sealed.settings, sealed.folder, Target(backup=base.id), target)


@pytest.fixture(scope="module")
def sent(history):
    """The chain and its WAL in a bucket, sealed, in clear."""
    with bucket() as objects, place() as home:
        source = keyed(history.copy(home))
        for entry in source.entries:
            seal_entry(Catalogue(source.folder), entry, None)
        send(source, objects)
        yield objects


@pytest.fixture
def there(history):
    with place() as home:
        yield keyed(machine(history, home))


def test_it_comes_back(sent, there, target, history):
    code, out, error = command(
        there, sent, "backup", "fetch", "--cluster", APP_SCHEMA_BACKUP_SEAL_KEY_FILE=str(there.settings.backup_seal_key_file)
    )
    assert (code, error) == (0, ""), out
    assert restore(there.settings, there.folder, Target(), target, check=False).differences == ()
    assert len(there.entries) == len(history.entries)


def forge(objects, name, content, metadata):
    objects.client.put_object(Bucket=objects.bucket, Key=f"here/{name}", Body=content, Metadata=metadata)


@pytest.mark.parametrize("which", ["segment", "tail"])
@pytest.mark.parametrize("how", ["without a seal", "with the seal of another", "as another"])
def test_wal_that_somebody_planted(which, how, sent, there):
    names = sorted(name for name in sent.names if name.startswith("wal/"))
    [tail] = [name for name in names if TAIL in name]
    segments = [name for name in names if len(name.rpartition("/")[2]) == 24]
    name = segments[-1] if which == "segment" else tail
    before = sent[name]
    mark = sent.client.head_object(Bucket=sent.bucket, Key=f"here/{name}")["Metadata"]
    other = sent.client.head_object(Bucket=sent.bucket, Key=f"here/{segments[0]}")["Metadata"]
    assert mark != other
    try:
        if how == "as another":
            forge(sent, name, sent[segments[0]], other)
        else:
            forge(sent, name, before, {} if how == "without a seal" else other)
        with pytest.raises(NotSealed, match="so anybody could have written it: give --unsealed"):
            bring(there, sent)
        assert name.rpartition("/")[2] not in {path.name for path in there.folder.path.rglob("*")}
    finally:
        forge(sent, name, before, mark)


@pytest.mark.parametrize("which", [1, 2])
def test_an_entry_that_somebody_planted(which, sent, there, history):
    """It is passed over, and what adds to it."""
    entry = f"{history.entries[which].id}.json"

    def forged(content):
        facts = json.loads(content)
        del facts["seal"], facts["mac"]
        return facts

    with sent.changed(entry, lambda content: _sealed(forged(content))):
        fetched, said = bring(there, sent)
    assert any("was passed over" in line and "carries no seal" in line for line in said)
    assert len(fetched) == which + 1  # those before it, and the WAL


def _sealed(facts):
    return json.dumps(facts | {"seal": _seal(facts)}).encode()


def test_clear_copies_where_there_is_a_key(history):
    """Without a seal they could be anybody's."""
    with bucket() as objects, place() as home, place() as elsewhere:
        send(history.copy(home), objects)
        there = machine(history, elsewhere)
        with pytest.raises(EncryptionError, match=r"is not encrypted, and this machine has a key for backups.*--unencrypted"):
            bring(there, objects, clear=False)
        identity = str(there.settings.backup_age_identity_file)
        done = command(there, objects, "backup", "fetch", "--cluster", "--unencrypted", APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE=identity)
        assert done[0] == 0, done
