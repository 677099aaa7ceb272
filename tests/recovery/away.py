"""Backups of a source in a bucket, and another machine with nothing but the key to it."""

import os
import subprocess
import sys

import pyrage
from sources import Source, new_folder

from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.copies import Copies
from app_schema.backup.upload import Bucket
from app_schema.physical.elsewhere import upload, upload_wal
from app_schema.physical.fetch import fetch, members, newest
from app_schema.physical.fetch_wal import Wal
from app_schema.physical.transfer import Transfer

KEY = pyrage.x25519.Identity.generate()
WITH_AGE = {"backup_age_recipients": frozenset({str(KEY.to_public())})}


def send(source, objects, count=3, **more):
    """Copy so many backups and all WAL."""
    settings = source.settings.model_copy(update=objects.settings | more)
    for entry in source.entries[:count]:
        upload(settings, Catalogue(source.folder), entry, Bucket.of(settings))
    upload_wal(settings, source.folder, Bucket.of(settings))


def machine(source, home):
    """An empty backup folder, and the key."""
    key = home / "key"
    key.write_text(f"{KEY}\n")
    key.chmod(0o600)
    settings = source.settings.model_copy(update={"backup_dir": new_folder(home / "backups"), "backup_age_identity_file": key})
    return Source(home, source.server, settings, source.committed)


def bring(there, objects, **more):
    """What ``app-schema backup fetch --cluster`` does before it reads the WAL; return what was fetched and what was said."""
    said = []
    transfer = transfer_of(there, objects, **more)
    chosen = newest(transfer, said.append)
    return list(fetch(transfer, chosen, Wal(transfer, chain.place(chosen[0])))), said


def bring_one(there, objects, entry_id):
    """What ``app-schema backup fetch ID`` does."""
    transfer = transfer_of(there, objects)
    return list(fetch(transfer, members(transfer, transfer.copies.find(entry_id))))


def transfer_of(there, objects, *, clear=True, **more):
    settings = there.settings.model_copy(update=objects.settings | more)
    return Transfer(settings, there.folder, Copies(Bucket.of(settings), there.folder.seal), clear=clear)


def start(there, objects, *arguments, **variables):
    """Start the command line on that machine, with another ``python`` if that is given."""
    place = objects.environment | {
        "DATABASE_URL": there.url.render_as_string(hide_password=False),
        "APP_SCHEMA_BACKUP_DIR": str(there.settings.backup_dir),
        "APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE": str(there.settings.backup_age_identity_file),
    }
    line = [variables.pop("python", sys.executable), "-c", "from app_schema.cli import main; main()", *arguments]
    return subprocess.Popen(line, env=os.environ | place | variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def command(there, objects, *arguments, **variables):
    """Run it; return its exit code and what it said."""
    process = start(there, objects, *arguments, **variables)
    out, error = process.communicate()
    return process.returncode, out, error


def contents(folder):
    """The files of a backup folder with what is in them, without its locks."""
    return {
        str(path.relative_to(folder.path)): path.read_bytes()
        for path in folder.path.rglob("*")
        if path.is_file() and not path.name.endswith(".lock")
    }
