"""The commands as an operator types them, and what they say."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import databases, drop, passphrase, spare

from app_schema.backup.catalogue import Catalogue
from app_schema.cli import main


@pytest.fixture
def command(folder, filled):
    def command(*arguments, **environment):
        variables = {"DATABASE_URL": filled.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(folder.path)}
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], env=variables | environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return command


@pytest.mark.writes
def test_an_operators_day(command, filled):
    assert command("backup", "list").stdout == "no backups yet; make one with: app-schema backup dump\n"
    taken = command("backup", "dump")
    assert taken.exit_code == 0
    assert re.fullmatch(r"\S+-dump-\S+: \S+ kB in \S+ s, not encrypted, zstd:1\n", taken.stdout)
    assert taken.stderr.startswith("warning: the backup is not encrypted, and it holds password hashes: set APP_SCHEMA_BACKUP_AGE")
    [entry] = json.loads(command("backup", "list", "--json").stdout)["backups"]
    assert (entry["status"], entry["kind"], entry["databases"]) == ("complete", "dump", [filled.database])
    assert entry["id"] in command("backup", "list").stdout
    assert "as written" in command("backup", "verify").stdout
    assert "1 days" not in command("backup", "prune", "--dry-run").stdout
    assert "passed in" in command("restore", "drill", "--quick").stdout
    with spare(filled) as target:
        done = command("restore", "dump", entry["id"][:20], "--to", target.database)
        assert (done.exit_code, "compared: equal to what was taken" in done.stdout) == (0, True)
    done = command("restore", "dump", "--replace")
    old = re.search(r'drop it when nobody misses it: DROP DATABASE "(.*)"', done.stdout)[1]
    assert databases(filled, old) == {old}
    drop(filled, old)
    listed = command("backup", "list").stdout
    assert "passed" in listed


def test_what_is_wrong_exits_3_in_one_line(command, folder):
    command("backup", "dump")
    [entry], _ = Catalogue(folder).read()
    path = folder.path / entry.parts[0].file
    path.write_bytes(path.read_bytes()[:-1])
    for arguments in (("backup", "verify"), ("restore", "drill", entry.id), ("restore", "dump", entry.id, "--to", "never_made")):
        done = command(*arguments)
        assert (done.exit_code, done.stderr.count("\n")) == (3, 1), done.output
        assert "is damaged" in done.output
    assert "damaged" in command("backup", "list").stdout


def test_a_problem_in_the_folder_is_said_and_does_not_stop_anything(command, folder):
    (folder.path / "20260101T000000Z-dump-0000.json").write_text("{")
    assert command("backup", "dump").exit_code == 0
    listed = command("backup", "list")
    assert listed.exit_code == 0
    assert "problem: 20260101T000000Z-dump-0000.json cannot be read" in listed.stderr


def test_prune_mentions_what_it_cannot_read_and_leaves_it(command, folder):
    command("backup", "dump")
    [entry], _ = Catalogue(folder).read()
    edited = folder.path / f"{entry.id}.json"
    edited.write_text(edited.read_text().replace('"kind": "dump"', '"kind": "snapshot"'))
    stray = folder.path / "20260101T000000Z-dump-0000.dump"
    stray.touch()
    before = sorted(folder.path.glob("2026*"))
    for arguments in (("--dry-run",), ()):
        done = command("backup", "prune", *arguments)
        assert done.exit_code == 0
        assert f"problem: {edited.name} was edited or damaged: its seal does not fit" in done.stderr
        assert f"problem: {stray.name} has no entry in the catalogue" in done.stderr
        assert done.stderr.endswith("what has a problem is never removed; when you know what it is, remove it by hand\n")
        assert sorted(folder.path.glob("2026*")) == before


def test_encrypted_it_does_not_warn(command, folder):
    done = command("backup", "dump", APP_SCHEMA_BACKUP_PASSPHRASE_FILE=str(passphrase(folder)))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "gpg, zstd:1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("restore", "dump", "--table", "x", "--replace"), "give one of them"),
        (("backup", "upload"), "set APP_SCHEMA_BACKUP_S3_URL"),
        (("restore", "dump", "20000101"), "app-schema backup list shows what there is"),
    ],
)
def test_wrong_use_exits_2(command, arguments, said):
    done = command(*arguments)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_a_wrong_setting_is_named(command):
    done = command("backup", "list", APP_SCHEMA_BACKUP_S3_URL="bucket")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: APP_SCHEMA_BACKUP_S3_URL ")


def test_what_a_killed_restore_left_in_clear_goes_with_the_next(command, folder, filled):
    secret = {"APP_SCHEMA_BACKUP_PASSPHRASE_FILE": str(passphrase(folder))}
    command("backup", "dump", **secret)
    left = Path(folder.path, ".unfinished-x.dump.gpg.0000.plain")
    left.write_text("rows in clear")
    with spare(filled) as target:
        assert command("restore", "dump", "--to", target.database, **secret).exit_code == 0
    assert not left.exists()
