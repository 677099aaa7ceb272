"""One run of tests, or one worker of it, on a server: its templates, and the databases that it makes and drops."""

from __future__ import annotations

import gc
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from itertools import count
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema import databases
from app_schema.engine import administer, verbatim
from app_schema.errors import ServerUnsuitable
from app_schema.preflight import OLDEST
from app_schema.testing import leftovers, lock, spare, template
from app_schema.testing.key import key
from app_schema.testing.throwaway import Throwaway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

    from app_schema.settings import Settings

KEPT = timedelta(days=7)
CONNECTED = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = :name)")
PLACEHOLDER = "app_schema_test_placeholder"


class Run:
    """Makes throwaway databases and schemas; an advisory lock, named as its databases begin, says that it lives.

    Attributes:
        server: the server's URL.
        connection: to its database ``postgres``, in autocommit; holds the locks.
        prefix: how the names of its databases begin.
    """

    def __init__(self, connection: Connection, server: URL, settings: Settings) -> None:
        self.connection = connection
        self.server = server
        self.settings = settings
        self.prefix = f"{leftovers.CLONE}{secrets.token_hex(4)}_"
        version, self._user = connection.execute(text("SELECT current_setting('server_version_num'), session_user")).one()
        self._version = int(version)
        self._numbers = count(1)
        self._held: dict[bool, str] = {}
        self._shared: dict[bool, Throwaway] = {}
        if self._version // 10000 < OLDEST:
            raise ServerUnsuitable(f"the server is PostgreSQL {self._version // 10000}; the test kit needs {OLDEST} or newer: name another")
        lock.share(connection, self.prefix)
        current = {template.TEMPLATE + self._key(seeded=seeded) for seeded in (False, True)}
        leftovers.remove(connection, own=self.prefix, templates=current, protect=settings.protect)

    def template(self, *, seeded: bool = False) -> str:
        """Return the name of the template, built when no run before has; it stays as long as this run."""
        if seeded not in self._held:
            self._held[seeded] = template.hold(
                self.connection, self.server, self._key(seeded=seeded), schema=self.settings.schema_name, seeded=seeded
            )
        return self._held[seeded]

    def create(self, *, seeded: bool = False) -> Throwaway:
        """Make a database: a copy of the template."""
        name = self._name()
        # Through the log, the default: copying files is quicker on an idle machine, but waits for two checkpoints of the
        # whole server, which on a busy one take longer than the copy (50 against 100 ms), and slows the DROP as well.
        self.connection.execute(verbatim(f"CREATE DATABASE {name} TEMPLATE {self.template(seeded=seeded)}"))
        return self._throwaway(name)

    def drop(self, database: Throwaway) -> None:
        """Drop a database, whoever is still connected."""
        database.close()
        if self.connection.scalar(CONNECTED, {"name": database.name}):
            gc.collect()  # engines of the test's own that it is done with close their connections themselves, and quietly
        databases.drop(self.connection, database.name)

    def keep(self, database: Throwaway) -> None:
        """Leave a database to be looked at; runs that begin a week from now remove it."""
        database.close()
        until = (datetime.now(UTC) + KEPT).isoformat(timespec="seconds")
        self.connection.execute(verbatim(f"COMMENT ON DATABASE {database.name} IS '{leftovers.KEPT_UNTIL}{until}'"))
        for seeded, shared in list(self._shared.items()):
            if shared == database:
                del self._shared[seeded]

    def shared(self, *, seeded: bool = False) -> Throwaway:
        """Return the database that sessions roll back in: one for all of them, until it is kept."""
        if seeded not in self._shared:
            self.template(seeded=seeded)
            name = self._name()
            found = spare.take(self.connection, self._key(seeded=seeded), name)
            self._shared[seeded] = self._throwaway(name) if found else self.create(seeded=seeded)
        return self._shared[seeded]

    def create_schema(self) -> Throwaway:
        """Make a schema at head in the shared database, by the SQL of the migrations in one go."""
        name = f"{leftovers.CLONE}{next(self._numbers)}"
        database = self.shared()
        with database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 (a live connection has one)
            driver.execute(self._script.replace(PLACEHOLDER, name))
            connection.detach()  # the script has changed the settings of its connection
        url = database.url.update_query_dict({"options": f"-csearch_path={name}"})
        return Throwaway(name, url, name)

    def drop_schema(self, schema: Throwaway) -> None:
        """Drop a schema; a test that left a transaction open in it makes this fail after ten seconds."""
        schema.close()
        with self.shared().engine.begin() as connection:
            connection.execute(verbatim("SET LOCAL lock_timeout = '10s'"))
            connection.execute(verbatim(f"DROP SCHEMA IF EXISTS {schema.name} CASCADE"))

    def close(self) -> None:
        """Drop what is shared, and leave the next run a copy that nobody has touched."""
        for seeded, database in self._shared.items():
            self.drop(database)
            spare.leave(self.connection, self._key(seeded=seeded), self.template(seeded=seeded))
        self._shared.clear()

    def _name(self) -> str:
        return f"{self.prefix}{next(self._numbers)}"

    def _throwaway(self, name: str) -> Throwaway:
        return Throwaway(name, self.server.set(database=name), self.settings.schema_name)

    @cached_property
    def _script(self) -> str:
        from app_schema import migrate  # noqa: PLC0415 (Alembic; most runs make no schema)

        # concurrently would refuse to be one of many statements, and wait for every test of the shared database
        return migrate.script(schema=PLACEHOLDER).replace(" INDEX CONCURRENTLY ", " INDEX ")

    @cache  # noqa: B019 (a run lives as long as the process)
    def _key(self, *, seeded: bool) -> str:
        return key(self._version, self._user, self.settings.schema_name, seeded=seeded)


@contextmanager
def begin(server: URL, settings: Settings) -> Iterator[Run]:
    """Connect to the server, remove what dead runs left there, and yield the run.

    Raises:
        ServerUnreachable: nobody answers.
        ServerUnsuitable: it is older than PostgreSQL 15.
    """
    with administer(server) as connection:
        run = Run(connection, server, settings)
        yield run
        run.close()
