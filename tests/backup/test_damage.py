"""Whatever happens to the stored bytes or to their entry is noticed, and before anything is restored."""

import json
import random

import pytest
from places import age_keys, databases, made, passphrase, spare

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.entry import Entry
from app_schema.backup.event import Upload
from app_schema.backup.masked import masked
from app_schema.backup.programs import Programs
from app_schema.backup.verify import check_part, verify
from app_schema.errors import BackupDamaged, BackupUnknown, EncryptionError
from app_schema.restore.dump import restore
from app_schema.restore.source import Source
from app_schema.settings import Settings

FLIPS = {"zstd": 1000, "gzip": 100, "script": 100, "gpg": 100, "age": 100}


@pytest.fixture(scope="module")
def taken(request, original, tmp_path_factory):
    """A backup of each format, which each test leaves as it was: its folder, its settings and its entry."""
    kind = request.param
    folder = made(tmp_path_factory.mktemp(kind))
    settings = Settings(DATABASE_URL=original, backup_dir=folder.path)
    if kind == "gpg":
        settings = settings.model_copy(update={"backup_passphrase_file": passphrase(folder)})
    if kind == "age":
        settings = settings.model_copy(update=age_keys(folder))
    with pytest.MonkeyPatch.context() as patch:
        if kind == "gzip":
            patch.setattr(Programs, "has_zstd", lambda _: False)
        entry = masked(settings, folder).entry if kind == "script" else dump(settings, folder)
    assert entry.encryption == (kind if kind in ("gpg", "age") else None)
    return kind, folder, settings, entry


@pytest.mark.parametrize("taken", FLIPS, indirect=True)
def test_every_flipped_bit_is_noticed(taken):
    kind, folder, _, entry = taken
    [part] = entry.parts
    path = folder.path / part.file
    chance, noticed = random.Random(5), 0
    with path.open("r+b") as file:
        for _ in range(FLIPS[kind]):
            place, bit = chance.randrange(part.bytes), 1 << chance.randrange(8)
            byte = flip(file, place, bit)
            try:
                check_part(path, part)
            except BackupDamaged:
                noticed += 1
            flip(file, place, bit)
            file.seek(place)
            assert file.read(1)[0] == byte
    check_part(path, part)
    assert noticed == FLIPS[kind]


def flip(file, place, bit):
    file.seek(place)
    [byte] = file.read(1)
    file.seek(place)
    file.write(bytes([byte ^ bit]))
    file.flush()
    return byte


@pytest.mark.parametrize("taken", FLIPS, indirect=True)
def test_nothing_is_restored_from_what_is_damaged(taken):
    _, folder, settings, entry = taken
    path = folder.path / entry.parts[0].file
    whole = path.read_bytes()
    with spare(settings.database_url) as target:
        for cut in (0, 1, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:cut])
            refused(settings, folder, entry, target)
        with path.open("r+b") as file:
            file.write(whole)
            flip(file, len(whole) // 2, 1)
        refused(settings, folder, entry, target)
        path.write_bytes(whole + b"\0")
        refused(settings, folder, entry, target)
        path.unlink()
        with pytest.raises(BackupDamaged, match="No such file"):
            restore(settings, Source.find(folder, entry.id, "x"), target)
        path.write_bytes(whole)
        path.chmod(0o600)
        assert restore(settings, Source.find(folder, entry.id, "x"), target).differences == ()


def refused(settings, folder, entry, target):
    with pytest.raises(BackupDamaged, match="is damaged"):
        restore(settings, Source.find(folder, entry.id, "x"), target)
    assert databases(target, target.database) == set()


@pytest.mark.parametrize("taken", ["gpg", "age"], indirect=True)
def test_the_wrong_key(taken, tmp_path):
    kind, folder, settings, entry = taken
    elsewhere = made(tmp_path)
    wrong = age_keys(elsewhere) if kind == "age" else {"backup_passphrase_file": passphrase(elsewhere, "another one")}
    with spare(settings.database_url) as target:
        with pytest.raises(EncryptionError, match="does not open this backup"):
            restore(settings.model_copy(update=wrong), Source.find(folder, entry.id, "x"), target)
        assert databases(target, target.database) == set()
    assert not list(folder.path.glob(".unfinished-*"))


@pytest.mark.parametrize(("made", "variable"), [("gpg", "PASSPHRASE_FILE"), ("age", "AGE_IDENTITY_FILE")])
def test_no_key_at_all(made, variable, settings, folder, filled):
    keys = age_keys(folder) if made == "age" else {"backup_passphrase_file": passphrase(folder)}
    dump(settings.model_copy(update=keys), folder)
    with pytest.raises(EncryptionError, match=f"set APP_SCHEMA_BACKUP_{variable}"):
        restore(settings, Source.find(folder, "latest", filled.database), filled.set(database="never_made"))


def test_a_passphrase_file_open_to_all(settings, folder):
    path = passphrase(folder)
    path.chmod(0o644)
    with pytest.raises(EncryptionError, match=r"is open to others \(mode 0644\); close it with: chmod 600"):
        dump(settings.model_copy(update={"backup_passphrase_file": path}), folder)
    assert Catalogue(folder).read() == ([], [])


def test_a_command_gives_the_passphrase(settings, folder, filled):
    asked = settings.model_copy(update={"backup_passphrase_command": "echo 'c4nary passphrase'"})
    entry = dump(asked, folder)
    read = settings.model_copy(update={"backup_passphrase_file": passphrase(folder)})
    with spare(filled) as target:
        assert restore(read, Source.find(folder, entry.id, "x"), target).differences == ()


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('"rows": 200', '"rows": 201'),
        lambda text: text.replace('"sha256": "', '"sha256": "0', 1),
        lambda text: text[: len(text) // 2],
        lambda _: "",
        lambda _: "[1, 2]",
        lambda text: json.dumps(json.loads(text) | {"version": 2}),
        lambda text: json.dumps(json.loads(text) | {"kind": "base"}),
    ],
)
def test_an_edited_entry_is_reported_and_not_used(edit, settings, source, folder, filled):
    bad, good = source.entry, dump(settings, folder)
    path = folder.path / f"{bad.id}.json"
    before = path.read_text()
    path.write_text(edit(before))
    assert path.read_text() != before
    entries, [problem] = Catalogue(folder).read()
    assert ([entry.id for entry in entries], problem.file) == ([good.id], path.name)
    assert Source.find(folder, "latest", filled.database).entry == good
    with pytest.raises(BackupDamaged, match="json "):
        Source.find(folder, bad.id, filled.database)


def test_an_entry_under_another_name(source, folder):
    entry = source.entry
    (folder.path / f"{entry.id}.json").rename(folder.path / f"{entry.id[:-4]}ffff.json")
    entries, problems = Catalogue(folder).read()
    assert entries == []
    assert any("is the entry of" in problem.message for problem in problems)


def test_verify_notes_what_it_saw_and_latest_passes_by_the_damaged(settings, source, folder, filled):
    old, new = source.entry, dump(settings, folder)
    catalogue = Catalogue(folder)
    assert verify(catalogue, new).verified[-1].error is None
    path = folder.path / new.parts[0].file
    path.write_bytes(path.read_bytes()[:-1])
    assert verify(catalogue, new).status == "damaged"
    assert Source.find(folder, "latest", filled.database).entry.id == old.id
    assert [len(entry.verified) for entry in catalogue.read()[0]] == [0, 2]


def test_strange_files_are_reported_and_left_alone(settings, source, folder):
    entry = source.entry
    (folder.path / "notes.txt").touch()
    stray = folder.path / f"{entry.id[:-4]}ffff.dump"
    stray.touch()
    (folder.path / entry.parts[0].file).unlink()
    _, problems = Catalogue(folder).read()
    assert {problem.file for problem in problems} == {stray.name, entry.parts[0].file}
    dump(settings, folder)
    assert stray.exists()


def test_a_backup_that_is_not_there(settings, folder):
    with pytest.raises(BackupUnknown, match=r"there is no good dump or snapshot of database x in .*; make one with"):
        Source.find(folder, "latest", "x")
    entry = dump(settings, folder)
    with pytest.raises(BackupUnknown, match="there is no backup 19990101"):
        Source.find(folder, "19990101T000000Z-dump-0000", "x")
    with pytest.raises(BackupUnknown, match=f"there are those of {settings.database_url.database}: name one by its id"):
        Source.find(folder, "latest", "x")
    assert Source.find(folder, entry.id[:20], "x").entry == entry
    assert isinstance(entry, Entry)


def test_after_damage_was_found_latest_says_so(settings, folder):
    """Not that there is none of this database and that there are some of the same."""
    database = str(settings.database_url.database)
    first = dump(settings, folder, prove=False)
    (folder.path / first.parts[0].file).unlink()
    assert verify(Catalogue(folder), first).damaged
    cure = "make one with: app-schema backup dump$"
    with pytest.raises(BackupUnknown, match=f"no good dump or snapshot of database {database} in .*: {first.id} is damaged; {cure}"):
        Source.find(folder, "latest", database)
    copy = Upload(at=first.finished, url="s3://b/x", versioning=True, server_side_encryption=None)
    Catalogue(folder).amend(first.id, lambda now: now.model_copy(update={"uploads": (copy,)}))
    second = dump(settings, folder, prove=False)
    (folder.path / second.parts[0].file).unlink()
    assert verify(Catalogue(folder), second).damaged
    both = f"all 2 are damaged, the newest is {second.id}; a copy comes with: app-schema backup fetch {first.id}; or {cure}"
    with pytest.raises(BackupUnknown, match=both):
        Source.find(folder, "latest", database)
