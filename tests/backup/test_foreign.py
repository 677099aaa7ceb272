"""What the documents' own scripts wrote is taken too: unproved, whole or not at all."""

import gzip
import shutil
import subprocess

import pytest
from databases import engine_of
from places import databases, passphrase, spare
from sqlalchemy import text

from app_schema.backup.dump import dump
from app_schema.backup.programs import Programs, environment
from app_schema.errors import BackupUnknown, EncryptionError, RestoreError
from app_schema.restore.dump import restore
from app_schema.restore.source import Source


@pytest.fixture
def script(filled, tmp_path):
    """As backup_full.sh of the documents writes it, of a database whose dump is longer than a block."""
    with engine_of(filled).begin() as connection:
        connection.execute(text("CREATE TABLE noise AS SELECT gen_random_uuid() AS id FROM generate_series(1, 60000)"))
    command = Programs.find(17).command("pg_dump", "--format=plain", "--no-owner", "--no-acl")
    sql = subprocess.run(command, env=environment(filled), capture_output=True, check=True).stdout
    path = tmp_path / "medtranslate_full_20250127_030000.sql.gz"
    path.write_bytes(gzip.compress(sql, 1))
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
    refused(settings, folder, filled, path, "does not end as pg_dump ends a script: pg_dump failed, or the file was cut off")


def test_a_script_of_pg_dumpall(settings, folder, filled, tmp_path):
    path = tmp_path / "snapshot_20250126.sql"
    path.write_text("--\n-- PostgreSQL database cluster dump\n--\n\n-- PostgreSQL database cluster dump complete\n")
    refused(settings, folder, filled, path, "is a script of pg_dumpall, for a server and not a database")


def test_a_file_that_is_no_backup(settings, folder, filled, tmp_path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(b"\xff\xd8" * 9000)
    refused(settings, folder, filled, path, "does not end as pg_dump ends a script")
    with pytest.raises(BackupUnknown, match="is no file; give the id of a backup, latest, or the path of a dump"):
        Source.find(folder, "/nowhere/at.all", "x")


def test_a_script_that_fails_leaves_nothing(settings, folder, filled, tmp_path):
    path = tmp_path / "bad.sql"
    path.write_text("CREATE TABLE t (id int);\nINSERT INTO t VALUES ('c4nary');\n-- PostgreSQL database dump complete\n")
    refused(settings, folder, filled, path, "psql failed: invalid input syntax for type integer; nothing of it stays")


def test_an_archive_without_its_entry_and_with_it(settings, folder, filled, tmp_path):
    """Brought back from elsewhere: beside its entry it is proved, alone it is not."""
    entry = dump(settings, folder)
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
