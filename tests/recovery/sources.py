"""A small cluster to take backups of, and rows whose moment is known."""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import Folder
from app_schema.embedded import EmbeddedServer
from app_schema.engine import connect_to
from app_schema.physical import route, slot
from app_schema.physical.archive import Archive
from app_schema.physical.base import programs_for
from app_schema.physical.records import Reader
from app_schema.physical.segments import parse_lsn
from app_schema.settings import Settings

SETTINGS = {"track_commit_timestamp": "on", "checkpoint_timeout": "1h", "max_slot_wal_keep_size": "64MB", "min_wal_size": "32MB"}


@dataclass
class Source:
    """A running cluster; ``committed`` is every row's transaction and when it was committed, in that order."""

    home: Path
    server: EmbeddedServer
    settings: Settings
    committed: list = field(default_factory=list)

    @classmethod
    def make(cls, home, binaries=None, **settings):
        server = EmbeddedServer(home / "server", binaries)
        server.start()
        made = cls(home, server, Settings(DATABASE_URL=server.url("postgres"), backup_dir=new_folder(home / "backups")))
        with made.connect() as connection:
            for name, value in (SETTINGS | settings).items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            connection.execute("CREATE TABLE facts (id bigserial PRIMARY KEY, text text)")
            connection.execute("INSERT INTO facts (text) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 2000) AS i")
        server.stop()
        server.start()
        return made

    @property
    def url(self):
        return self.server.url("postgres")

    @property
    def folder(self):
        return Folder.of(self.settings)

    @property
    def entries(self):
        return Catalogue(self.folder).read()[0]

    @property
    def wal(self):
        """The archive's only cluster."""
        return next((self.folder.path / "wal").glob("[0-9]*"))

    @property
    def segments(self):
        """The whole segments that the base needs, oldest first."""
        start = chain.place(self.entries[0]).start_wal
        return sorted(path for path in self.wal.iterdir() if len(path.name) == 24 and path.name >= start)

    @property
    def reader(self):
        """What reads all WAL from the base on."""
        place = chain.place(self.entries[0])
        archive = Archive(self.wal, place.segment_bytes)
        way = route.legs(archive, parse_lsn(place.start_lsn), place.timeline, archive.timelines[0])
        return Reader(route.find(archive, way), programs_for(self.entries[0]))

    def connect(self, url=None):
        address = (url or self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(address, autocommit=True)

    def add(self, count=1, text="x"):
        """Commit rows one by one, and remember when."""
        with self.connect() as connection:
            for _ in range(count):
                row = connection.execute(
                    "INSERT INTO facts (text) VALUES (%s) RETURNING id, pg_current_xact_id()::text::bigint", [text]
                ).fetchone()
                at = connection.execute("SELECT pg_xact_commit_timestamp((%s::text)::xid)", [row[1]]).fetchone()[0]
                self.committed.append((*row, at))

    def switch(self):
        """Fill the segment up."""
        with self.connect() as connection:
            connection.execute("SELECT pg_switch_wal()")

    def wait_for_receiver(self):
        """Until it has written all that there is."""
        with connect_to(self.url) as connection:
            wait(lambda: slot.look(connection).behind == 0)

    @contextmanager
    def receiving(self):
        """``app-schema backup wal`` in a process of its own."""
        process = app_schema(self, "backup", "wal")
        try:
            self.wait_for_receiver()
            yield process
        finally:
            process.terminate()
            process.communicate()

    def copy(self, home):
        """The same server with a copy of its backups, which a test may damage; files are shared until they are replaced."""
        backups = home / "backups"
        shutil.copytree(self.folder.path, backups, copy_function=share, symlinks=True)
        return Source(home, self.server, self.settings.model_copy(update={"backup_dir": backups}), list(self.committed))


def share(source, target):
    # a receiver writes on in the unfinished segment
    shutil.copy2(source, target) if source.endswith(".partial") else os.link(source, target)


def new_folder(path):
    path.mkdir(mode=0o700)
    return path


def app_schema(source, *arguments):
    """Start the command line."""
    place = {"DATABASE_URL": source.url.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(source.settings.backup_dir)}
    impatient = "from app_schema.physical import receiver; receiver.PATIENCE = (0.05, 0.2)"
    command = [sys.executable, "-c", f"{impatient}; from app_schema.cli import main; main()", *arguments]
    return subprocess.Popen(command, env=os.environ | place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def replace(path, change):
    """Put another file in the place of one that a copy shares."""
    data = bytearray(path.read_bytes())
    path.unlink()
    path.write_bytes(change(data))


def flip(path, offset=None):
    """Flip one bit, by default in the middle."""

    def change(data):
        data[len(data) // 2 if offset is None else offset] ^= 1
        return data

    replace(path, change)


def rows(source, done):
    """The rows in a restored cluster, beyond those that were there at first."""
    with source.connect(done.url) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM facts WHERE id > 2000 ORDER BY id")]


def keyed(source):
    """The source on a machine with a key for seals."""
    key = source.settings.backup_dir.with_name("seal")
    key.write_text("c4nary-c4nary-c4nary-c4nary-c4nary")
    key.chmod(0o600)
    source.settings = source.settings.model_copy(update={"backup_seal_key_file": key})
    return source


def a_table(source):
    """A file of the base that its manifest names, with rows in it."""
    data = source.folder.path / source.entries[0].parts[0].file / "data"
    files = json.loads((data / "backup_manifest").read_bytes())["Files"]
    return data / max((file for file in files if file["Path"].startswith("base/")), key=lambda file: file["Size"])["Path"]
