"""What the documents' own scripts wrote is taken too: unproved, whole or not at all."""

import gzip
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from databases import engine_of, new_database
from places import age_keys, databases, passphrase, run, spare
from sqlalchemy import text

from app_schema.backup.encryption import for_reading
from app_schema.backup.programs import Programs, environment
from app_schema.errors import BackupUnknown, EncryptionError, RestoreError
from app_schema.restore.dump import restore
from app_schema.restore.source import Source


@pytest.fixture(scope="module")
def packed(original):
    """What backup_full.sh of the documents writes, of a database whose dump is longer than a block."""
    with new_database(original, template=original.database) as url:
        run(url, "CREATE TABLE noise AS SELECT gen_random_uuid() AS id FROM generate_series(1, 60000)")
        command = Programs.find(17).command("pg_dump", "--format=plain", "--no-owner", "--no-acl")
        return gzip.compress(subprocess.run(command, env=environment(url), capture_output=True, check=True).stdout, 1)


@pytest.fixture
def script(packed, tmp_path):
    """The file of it."""
    path = tmp_path / "medtranslate_full_20250127_030000.sql.gz"
    path.write_bytes(packed)
    return path


def test_a_gzipped_script(settings, folder, filled, script):
    with spare(filled) as target:
        done = restore(settings, Source.find(folder, str(script), "x"), target)
        assert done.differences is None
        with engine_of(target).connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM messages")) == 200


def test_an_encrypted_script(settings, folder, filled, script):
    """As the document calls gpg; the count of its rounds is named, since without an agent it cannot choose one."""
    secret = passphrase(folder)
    home = folder.path.with_name("gnupg")
    home.mkdir(mode=0o700)
    encrypted = script.with_suffix(".gz.gpg")
    command = ["gpg", "--homedir", home, "--no-autostart", "--batch", "--pinentry-mode", "loopback", "--passphrase-file", secret]
    subprocess.run(
        [*command, "--symmetric", "--s2k-count", "65011712", "--cipher-algo", "AES256", "--output", encrypted, script],
        check=True,
        capture_output=True,
    )
    keyed = settings.model_copy(update={"backup_passphrase_file": secret})
    with spare(filled) as target:
        assert restore(keyed, Source.find(folder, str(encrypted), "x"), target).differences is None
    whole = encrypted.read_bytes()
    encrypted.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EncryptionError, match="gpg could not decrypt"):
        restore(keyed, Source.find(folder, str(encrypted), "x"), target)
    assert databases(target, target.database) == set()
    assert not list(folder.path.glob(".unfinished-*"))


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.999])
def test_a_script_that_was_cut_off(cut, settings, folder, filled, script):
    whole = script.read_bytes()
    script.write_bytes(whole[: int(len(whole) * cut)])
    refused(settings, folder, filled, script, "is damaged or was cut off")


def test_what_gzip_made_of_a_pg_dump_that_failed(settings, folder, filled, tmp_path):
    """The documents' script calls this a success: twenty bytes."""
    path = tmp_path / "medtranslate_full_20250127_030000.sql.gz"
    path.write_bytes(gzip.compress(b""))
    refused(settings, folder, filled, path, "is empty: the pg_dump that should have filled it failed")


def test_a_script_of_pg_dumpall(settings, folder, filled, tmp_path):
    path = tmp_path / "snapshot_20250126.sql"
    path.write_text("--\n-- PostgreSQL database cluster dump\n--\n\n-- PostgreSQL database cluster dump complete\n")
    refused(settings, folder, filled, path, "is a script of pg_dumpall, for a server and not a database")


def test_a_file_that_is_no_backup(settings, folder, filled, tmp_path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(b"\xff\xd8" * 9000)
    refused(settings, folder, filled, path, r"holiday.jpg is no dump: .* an archive \(--format=custom\) or a script \(.sql, .sql.gz\)")
    for name in ("/nowhere/at.all", "at.all"):
        with pytest.raises(BackupUnknown, match="is no file; give the id of a backup, latest, or the path of a dump"):
            Source.find(folder, name, "x")


def test_a_folder_is_no_backup(folder, tmp_path):
    for entry, what in (
        ("20261122T030000Z-dump-0b6a.json", "set APP_SCHEMA_BACKUP_DIR to it, and give latest or an id"),
        ("toc.dat", f"a dump of pg_dump --format=directory: .*pg_restore --create --dbname=postgres '{tmp_path}/folder of toc.dat'$"),
        ("PG_VERSION", "the files of a cluster, which app-schema restore cluster brings back"),
        (None, "give the path of one dump in it"),
    ):
        place = tmp_path / f"folder of {entry}"
        place.mkdir()
        if entry:
            (place / entry).touch()
        with pytest.raises(BackupUnknown, match=f"is a folder: {what}"):
            Source.find(folder, str(place), "x")


def test_a_file_that_may_not_be_read(folder, tmp_path, monkeypatch):
    """As for anybody but root."""
    path = tmp_path / "closed.sql"
    path.touch()
    real = Path.open

    def refuse(self, *arguments, **options):
        if self == path:
            raise PermissionError(13, "Permission denied")
        return real(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BackupUnknown, match=r"closed.sql cannot be read: Permission denied; run as a user who may"):
        Source.find(folder, str(path), "x")


@pytest.mark.parametrize("suffix", ["gpg", "age"])
def test_what_no_cipher_wrote(suffix, settings, folder, filled, tmp_path):
    path = tmp_path / f"bad.sql.gz.{suffix}"
    path.write_bytes(b"\x5b" * 999)
    keyed = settings.model_copy(update=age_keys(folder) | {"backup_passphrase_file": passphrase(folder)})
    with pytest.raises(
        EncryptionError, match=rf"^{path}: {suffix} could not decrypt it, so .* is nothing that {suffix} wrote .*; nothing was restored"
    ):
        restore(keyed, Source.find(folder, str(path), "x"), filled.set(database="never_made"))


def test_an_encrypted_file_that_is_no_dump_is_called_by_its_own_name(settings, folder, filled, tmp_path):
    keyed = settings.model_copy(update={"backup_passphrase_file": passphrase(folder)})
    path = tmp_path / "holiday.jpg.gpg"
    with path.open("wb") as file:
        for_reading(keyed, "gpg").encrypt(BytesIO(b"\xff\xd8" * 9000), file)
    refused(keyed, folder, filled, path, f"^{path} is no dump: ")


@pytest.mark.parametrize("cut", [100, 0.5, 0.99])
def test_an_archive_that_was_cut_off(cut, settings, source, tmp_path):
    whole = source.path.read_bytes()
    path = tmp_path / "cut.dump"
    path.write_bytes(whole[: int(len(whole) * cut) if cut < 1 else cut])
    why = f"^{path} is damaged or was cut off \\(pg_restore .*; nothing was restored"
    refused(settings, source.folder, settings.database_url, path, why)


def test_a_script_that_fails_leaves_nothing(settings, folder, filled, tmp_path):
    path = tmp_path / "bad.sql"
    path.write_text("CREATE TABLE t (id int);\nINSERT INTO t VALUES ('c4nary');\n-- PostgreSQL database dump complete\n")
    refused(settings, folder, filled, path, r"bad\.sql: a statement failed: invalid input syntax for type integer; nothing of it stays")


def test_an_archive_without_its_entry_and_with_it(settings, source, folder, filled, tmp_path):
    """Brought back from elsewhere: beside its entry it is proved, alone it is not."""
    entry = source.entry
    elsewhere = tmp_path / "from-s3"
    elsewhere.mkdir()
    file = shutil.copy(folder.path / entry.parts[0].file, elsewhere)
    with spare(filled) as target:
        assert restore(settings, Source.find(folder, str(file), "x"), target).differences is None
    shutil.copy(folder.path / f"{entry.id}.json", elsewhere)
    with spare(filled) as target:
        assert restore(settings, Source.find(folder, str(file), "x"), target).differences == ()


def refused(settings, folder, filled, path, why):
    target = filled.set(database=f"{filled.database}_never")
    with pytest.raises(RestoreError, match=why):
        restore(settings, Source.find(folder, str(path), "x"), target)
    assert databases(target, target.database) == set()
