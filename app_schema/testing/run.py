"""One run of tests, or one worker of it, on a server: its template, and the databases that it makes and drops."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.engine import administer, verbatim
from app_schema.errors import ServerUnsuitable
from app_schema.preflight import OLDEST
from app_schema.testing import lock, template
from app_schema.testing.database import Database
from app_schema.testing.key import key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

CLONE = "app_schema_test_"
# A copy of files is twice as fast as one through the log for a database of this size.
STRATEGY = "STRATEGY file_copy"


class Run:
    """Makes databases. Its advisory lock, named as its databases begin, says that it lives."""

    def __init__(self, connection: Connection, server: URL, schema: str) -> None:
        self.connection = connection
        self.server = server
        self.schema = schema
        self.prefix = f"{CLONE}{secrets.token_hex(4)}_"
        self.version = int(connection.scalar(text("SELECT current_setting('server_version_num')")) or 0)
        if self.version // 10000 < OLDEST:
            raise ServerUnsuitable(f"the server is PostgreSQL {self.version // 10000}; the test kit needs {OLDEST} or newer: name another")
        lock.share(connection, self.prefix)
        self._numbers = count(1)
        self._held: dict[bool, str] = {}

    def template(self, *, seeded: bool = False) -> str:
        """Return the name of the template, built when this is the first run to need it."""
        if seeded not in self._held:
            content = key(self.version, self.schema, seeded=seeded)
            self._held[seeded] = template.hold(self.connection, self.server, content, schema=self.schema, seeded=seeded)
        return self._held[seeded]

    def create(self, *, seeded: bool = False) -> Database:
        """Clone the template."""
        name = f"{self.prefix}{next(self._numbers)}"
        self.connection.execute(verbatim(f"CREATE DATABASE {name} TEMPLATE {self.template(seeded=seeded)} {STRATEGY}"))
        return Database(self.server.set(database=name), self.schema)

    def drop(self, database: Database) -> None:
        """Drop a clone, whoever is still connected."""
        database.close()
        self.connection.execute(verbatim(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)"))


@contextmanager
def begin(server: URL, schema: str) -> Iterator[Run]:
    """Connect to the server and yield the run.

    Raises:
        ServerUnreachable: nobody answers.
        ServerUnsuitable: it is older than PostgreSQL 15.
    """
    with administer(server) as connection:
        yield Run(connection, server, schema)
