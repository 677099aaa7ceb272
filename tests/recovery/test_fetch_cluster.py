"""A cluster and its WAL, back from a bucket into an empty folder."""

import os
import subprocess
import sys
from contextlib import ExitStack

import pyrage
import pytest
from buckets import bucket
from sources import Source, new_folder, place

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import UNFINISHED
from app_schema.backup.upload import Bucket
from app_schema.physical import elsewhere
from app_schema.physical.elsewhere import upload, upload_wal

KEY = pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def sent(history):
    """The history's chain and WAL in a bucket, encrypted with age, the first pieces being small."""
    with ExitStack() as stack:
        objects = stack.enter_context(bucket())
        source = history.copy(stack.enter_context(place()))
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(elsewhere, "PIECE_BYTES", 12 << 20)
        more = objects.settings | {"backup_age_recipients": frozenset({str(KEY.to_public())})}
        send(source.settings.model_copy(update=more), source)
        yield objects


def send(settings, source, count=3):
    for entry in source.entries[:count]:
        upload(settings, Catalogue(source.folder), entry, Bucket.of(settings))
    upload_wal(settings, source.folder, Bucket.of(settings))


@pytest.fixture
def there(history):
    """A machine that has the key, and an empty backup folder."""
    with place() as home:
        key = home / "key"
        key.write_text(f"{KEY}\n")
        key.chmod(0o600)
        settings = history.settings.model_copy(update={"backup_dir": new_folder(home / "backups"), "backup_age_identity_file": key})
        yield Source(home, history.server, settings, history.committed)


@pytest.fixture
def fetch(sent, there):
    """Run ``app-schema backup fetch``; return what it said, and to stderr as well."""

    def run(*arguments, **variables):
        return command(there, sent, "backup", "fetch", *arguments, **variables)

    return run


def command(there, objects, *arguments, **variables):
    place = objects.environment | {
        "DATABASE_URL": there.url.render_as_string(hide_password=False),
        "APP_SCHEMA_BACKUP_DIR": str(there.settings.backup_dir),
        "APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE": str(there.settings.backup_age_identity_file),
    }
    line = [sys.executable, "-c", "from app_schema.cli import main; main()", *arguments]
    return subprocess.run(line, env=os.environ | place | variables, capture_output=True, text=True, check=False)


def names(there):
    """Everything in the folder but its locks and what was noted of the WAL."""
    return sorted(path.name for path in there.folder.path.iterdir() if not path.name.startswith((".lock", ".catalogue", "wal")))


def test_machine_and_folder_are_lost(sent, there, target, fetch, history):
    """One command, and then a restore to a moment."""
    done = fetch("--cluster")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    ids = [entry.id for entry in history.entries]
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[:3]] == ids
    assert "restore cluster --to" in done.stdout
    assert not list(there.folder.path.rglob(f"{UNFINISHED}*"))
    assert all(path.lstat().st_mode & 0o077 == 0 for path in there.folder.path.rglob("*") if not path.is_symlink())
    moment = history.committed[17][2]
    recovered = command(there, sent, "restore", "cluster", "--to", str(target), f"--target-time={moment.isoformat()}", "--start")
    assert recovered.returncode == 0, recovered.stderr
    assert f"the last transaction being {history.committed[17][1]}" in recovered.stdout
