"""Dumps back from a bucket, against an S3 server on loopback."""

import os
import re
import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import ClientError
from buckets import bucket, flipped
from click.testing import CliRunner
from places import age_keys, spare
from sqlalchemy import text

from app_schema.backup import upload as uploading
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.copies import Copies, FetchFailed
from app_schema.backup.dump import dump
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.fetch import InTheWay, fetch
from app_schema.backup.folder import UNFINISHED, Folder
from app_schema.backup.snapshot import snapshot
from app_schema.backup.upload import Bucket
from app_schema.cli import main
from app_schema.errors import BackupDamaged, BackupUnknown, EncryptionError
from app_schema.restore import source
from app_schema.restore.dump import restore
from app_schema.restore.source import Source

pytestmark = pytest.mark.usefixtures("broken_off")

LOGICAL = (Kind.DUMP, Kind.SNAPSHOT)


@pytest.fixture(scope="module")
def storage():
    with bucket() as objects:
        yield objects


@pytest.fixture
def objects(storage):
    """The bucket, empty."""
    for name in storage.names:
        del storage[name]
    return storage


@pytest.fixture
def sent(objects, settings, folder):
    """A dump in the bucket."""
    return send(objects, settings, folder, dump)


def send(objects, settings, folder, take):
    settings = settings.model_copy(update=objects.settings)
    entry = take(settings, folder)
    uploading.upload(Catalogue(folder), entry, Bucket.of(settings))
    return entry


@pytest.fixture
def there(tmp_path):
    """The empty folder of another machine."""
    path = tmp_path / "there"
    path.mkdir(mode=0o700)
    return Folder.at(path)


@pytest.fixture
def copies(objects, settings):
    return lambda **update: Copies(Bucket.of(settings.model_copy(update=objects.settings | update)))


@pytest.fixture
def command(objects, filled, there):
    """Run ``app-schema backup fetch`` on that machine."""
    place = {"DATABASE_URL": filled.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(there.path)}

    def run(*arguments, **variables):
        return CliRunner().invoke(main, ["backup", "fetch", *arguments], env=objects.environment | place | variables)

    run.folder = there
    return run


def nothing_kept(folder):
    assert Catalogue(folder).read() == ([], [])
    assert not [path.name for path in folder.path.iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize("encrypted", [False, True])
def test_there_and_back(encrypted, objects, settings, folder, there, command, filled):  # noqa: PLR0913, PLR0917 (fixtures)
    """The folder is lost; one command, and then a restore."""
    settings = settings.model_copy(update=age_keys(folder)) if encrypted else settings
    key = {"APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE": str(settings.backup_age_identity_file)} if encrypted else {}
    entry = send(objects, settings, folder, dump)
    done = command("latest", **key)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1] == f"bring it back with: app-schema restore dump {entry.id}"
    (fetched,), problems = Catalogue(there).read()
    assert (problems, fetched.parts, fetched.encryption) == ([], entry.parts, entry.encryption)
    assert fetched.verified[-1].error is None
    assert fetched.uploads[-1].url.endswith(f"{entry.id}.json")
    assert {path.stat().st_mode & 0o777 for path in there.path.iterdir()} == {0o600}
    with spare(filled) as target:
        assert (
            restore(
                settings.model_copy(update={"backup_dir": there.path}), Source.find(there, "latest", filled.database), target
            ).differences
            == ()
        )
    again = command(entry.id[:20])
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, f"{entry.id}: is here already")


def test_the_list(objects, sent, there, command):
    objects["20200101T000000Z-dump-0000.dump"] = b"begun"
    listed = command("--list")
    assert (listed.exit_code, len(listed.stdout.splitlines())) == (0, 2)
    name, kind, *_, here = listed.stdout.splitlines()[1].split()
    assert (name, kind, here) == (sent.id, "dump", "no")
    assert (
        listed.stderr
        == "problem: 20200101T000000Z-dump-0000 has no entry in the bucket: its copy was never finished, or its entry is gone (5 B)\n"
    )
    assert max(map(len, map(str.rstrip, listed.stdout.splitlines()))) <= 80
    command("latest")
    assert command("--list").stdout.splitlines()[1].split()[-1] == "yes"
    nothing = command("--list", APP_SCHEMA_BACKUP_S3_URL=f"s3://{objects.bucket}/elsewhere")
    assert nothing.stdout == f"there are no backups in s3://{objects.bucket}/elsewhere\n"
    assert Catalogue(there).read()[1] == []


def test_the_latest_is_whole_and_of_that_database(objects, sent, copies):
    """A partial one only if there is nothing else; one that cannot be read is passed over, and said."""
    facts = Entry.unsealed(objects[f"{sent.id}.json"], sent.id)
    for name, update in (
        ("20990101T000000Z-dump-0001", {"missing": ("a table",)}),
        ("20990102T000000Z-snapshot-0002", {"kind": Kind.SNAPSHOT}),
    ):
        part = facts.parts[0].model_copy(update={"file": f"{name}.dump"})
        objects[f"{name}.json"] = facts.model_copy(update={"id": name, "parts": (part,)} | update).sealed()
    database, said = sent.databases[0], []
    assert copies().latest((Kind.DUMP,), database, said.append).id == sent.id
    assert copies().latest(LOGICAL, None, said.append).id == "20990102T000000Z-snapshot-0002"
    objects["20990102T000000Z-snapshot-0002.json"] = b"{}"
    assert said == []
    assert copies().latest(LOGICAL, None, said.append).id == sent.id
    assert said[0].startswith("20990102T000000Z-snapshot-0002 was passed over: s3://")
    del objects[f"{sent.id}.json"]
    assert copies().latest(LOGICAL, None, said.append).id == "20990101T000000Z-dump-0001"
    with pytest.raises(
        BackupUnknown, match=f"no dump or snapshot of database other in .*; there are those of {database}: name one by its id"
    ):
        copies().latest(LOGICAL, "other", said.append)


@pytest.fixture
def few(monkeypatch):
    """This database, and one that was dropped in the meantime; those of other tests come and go."""
    names = text("SELECT unnest(ARRAY[current_database()::text, 'dropped']) AS datname, true AS open")
    monkeypatch.setattr("app_schema.backup.snapshot.DATABASES", names)


@pytest.mark.usefixtures("few")
def test_a_snapshot_goes_on_where_it_was_interrupted(objects, settings, folder, there, copies):
    entry = send(objects, settings, folder, snapshot)
    last, passed = entry.parts[-1].file, []
    with objects.changed(last, flipped), pytest.raises(BackupDamaged, match=f"{last} is damaged: its SHA-256 is not"):
        fetch(there, copies(), entry)
    assert Catalogue(there).read()[0] == []
    assert not list(there.path.glob(f"{UNFINISHED}*"))
    done = fetch(there, copies(), copies().entry(entry.id), passed.append)
    assert done.bytes == entry.parts[-1].bytes
    assert sum(passed) == entry.size  # what was there was read, and the last one came
    assert Catalogue(there).read() == ([done.entry], [])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (flipped, "is damaged: its SHA-256 is not the one that was written; use another of app-schema backup fetch --list"),
        (lambda content: content[:-1], "bytes and .* were written; use another"),
        (lambda _: None, "is missing; use another"),
    ],
    ids=["flipped", "cut off", "missing"],
)
def test_an_object(change, match, objects, sent, command):
    with objects.changed(sent.parts[0].file, change):
        done = command("latest")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert re.search(match, done.stderr)
    nothing_kept(command.folder)


@pytest.mark.parametrize("file", ["../escaped", "/tmp/escaped", "{id}./../escaped", "{id}.json", "another.dump", "{id}.\0"])
def test_an_entry_whose_file_would_leave_the_folder(file, objects, sent, there, command):
    """Sealed anew, by whoever may write to the bucket."""
    part = sent.parts[0].model_copy(update={"file": file.format(id=sent.id)})
    objects[f"{sent.id}.json"] = sent.model_copy(update={"parts": (part,)}).sealed()
    done = command(sent.id)
    assert (done.exit_code, done.stderr.count("\n")) == (3, 1)
    assert "the entry was not written by app_schema and nothing was done with it" in done.stderr
    nothing_kept(there)


def test_what_lies_there_is_not_overwritten(sent, there, copies, folder):
    path = there.path / sent.parts[0].file
    path.write_bytes(b"mine")
    with pytest.raises(InTheWay, match=r"lies there and is not what was taken .*fetch it again: mv .* ELSEWHERE"):
        fetch(there, copies(), sent)
    assert path.read_bytes() == b"mine"
    path.write_bytes((folder.path / sent.parts[0].file).read_bytes())  # brought by hand: it is proved, and has an entry from now on
    assert fetch(there, copies(), sent).bytes == 0
    assert [entry.id for entry in Catalogue(there).read()[0]] == [sent.id]


@pytest.mark.parametrize(
    ("variables", "code", "says"),
    [
        ({"APP_SCHEMA_BACKUP_S3_URL": "s3://nobody-made-this"}, 1, "no bucket nobody-made-this there: check APP_SCHEMA_BACKUP_S3_URL"),
        ({"APP_SCHEMA_BACKUP_S3_ENDPOINT": "http://127.0.0.1:9"}, 1, "check the network, and APP_SCHEMA_BACKUP_S3_ENDPOINT"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, 1, "there are no keys for the storage"),
        ({"APP_SCHEMA_BACKUP_S3_URL": ""}, 2, "nowhere to fetch from: set APP_SCHEMA_BACKUP_S3_URL"),
        ({"APP_SCHEMA_BACKUP_DIR": "/nowhere"}, 2, "does not exist; mount its disk"),
    ],
    ids=["bucket", "endpoint", "keys", "no url", "no folder"],
)
def test_nothing_can_be_fetched(variables, code, says, command, monkeypatch):
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # which remembers keys
    done = command("latest", **variables)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
    assert says in done.stderr
    assert "c4nary" not in done.stderr


def test_a_machine_without_the_key(objects, settings, folder, there, command, filled, monkeypatch):  # noqa: PLR0913, PLR0917 (fixtures)
    """Whoever fetches is told, and a restore says so before it reads what may take an hour."""
    entry = send(objects, settings.model_copy(update=age_keys(folder)), folder, dump)
    done = command("latest")
    assert (done.exit_code, done.stderr.count("\n")) == (0, 1)
    assert "cannot be restored on this machine: this backup is encrypted with age: set APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE" in done.stderr
    monkeypatch.setattr(source, "check_part", lambda *_: pytest.fail("it was read"))
    found = Source.find(there, entry.id, str(filled.database))
    with pytest.raises(EncryptionError, match="APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE"), found.opened(settings):
        pass


@pytest.mark.parametrize("arguments", [[], ["--list", "latest"], ["--list", "--cluster"], ["20200101"], ["20200101", "--cluster"]])
def test_what_is_not_meant(arguments, command):
    done = command(*arguments)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "--list" in done.stderr


def test_refused_by_the_storage(sent, copies, there, monkeypatch):
    """After the list, in the middle of it."""
    found = copies()
    assert found.entry(sent.id)
    monkeypatch.setattr(found.bucket.client.meta.events, "emit_until_response", deny)
    with pytest.raises(FetchFailed, match=r"s3:GetBucketVersioning .AccessDenied.; what came whole is kept; run it again to go on"):
        fetch(there, found, sent)
    nothing_kept(there)


def deny(*_arguments, **_options):
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")


def test_killed_in_between(objects, sent, there, filled):
    """Before the entry is there, nothing is; the next run goes on."""
    variables = objects.environment | {
        "DATABASE_URL": filled.render_as_string(hide_password=False),
        "APP_SCHEMA_BACKUP_DIR": str(there.path),
    }
    script = """
import os, signal, sys
from app_schema.backup.catalogue import Catalogue
Catalogue.add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from app_schema.cli import main
main(["backup", "fetch", "latest"])
"""
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | variables, check=False)
    assert done.returncode == -9
    assert Catalogue(there).read()[0] == []
    whole = [sys.executable, "-c", "from app_schema.cli import main; main()", "backup", "fetch", "latest"]
    done = subprocess.run(whole, env=os.environ | variables, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert [entry.id for entry in Catalogue(there).read()[0]] == [sent.id]
