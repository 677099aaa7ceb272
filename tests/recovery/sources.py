"""A small cluster to take backups of, and rows whose moment is known."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import Folder
from app_schema.embedded import EmbeddedServer
from app_schema.settings import Settings


@dataclass
class Source:
    home: Path
    server: EmbeddedServer
    settings: Settings

    @classmethod
    def make(cls, home):
        server = EmbeddedServer(home / "server")
        server.start()
        backups = home / "backups"
        backups.mkdir(mode=0o700)
        settings = Settings(home=server.home, DATABASE_URL=server.url("postgres"), backup_dir=backups)
        made = cls(home, server, settings)
        with made.connect() as connection:
            connection.execute("CREATE TABLE facts (id bigserial PRIMARY KEY, text text)")
            connection.execute("INSERT INTO facts (text) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 2000) AS i")
        return made

    @property
    def folder(self):
        return Folder.of(self.settings)

    @property
    def entries(self):
        return Catalogue(self.folder).read()[0]

    @contextmanager
    def connect(self, url=None):
        address = (url or self.server.url("postgres")).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection

    def add(self, text):
        """Insert a row; return its transaction."""
        with self.connect() as connection:
            return connection.execute(
                "INSERT INTO facts (text) VALUES (%s) RETURNING pg_current_xact_id()::text::bigint", [text]
            ).fetchone()[0]

    def stop(self):
        self.server.stop()
