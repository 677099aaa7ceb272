"""One at a time: migrators of a schema, maintenance of a database; the others wait for their turn."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from app_schema.errors import AppSchemaError, MaintenanceBusy, MigratorBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

POLL_SECONDS = 0.1
TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


class Task(NamedTuple):
    """What only one may do at a time; ``subject`` is what ``name`` is a name of."""

    key: str
    noun: str
    subject: str
    busy: type[AppSchemaError]


MIGRATION = Task("app_schema.migrate", "migration", "schema", MigratorBusy)
MAINTENANCE = Task("app_schema.maintain", "maintenance", "database", MaintenanceBusy)


@contextmanager
def turn(connection: Connection, name: str, *, wait: float, task: Task = MIGRATION) -> Iterator[None]:
    """Hold the lock of a task on the schema or database ``name``; wait at most ``wait`` seconds for it.

    The lock lives on a connection of its own and is polled: a session that sleeps in
    ``pg_advisory_lock`` holds a snapshot that ``CREATE INDEX CONCURRENTLY`` of the other migrator
    waits for, which is a deadlock.

    Raises:
        MigratorBusy, MaintenanceBusy: another still holds it.
    """
    pool = connection.engine.pool.recreate()  # connects as the caller does, whatever that takes
    own = pool.connect()
    try:
        driver = own.driver_connection
        assert driver is not None  # noqa: S101 (a live connection has one)
        driver.autocommit = True
        driver.execute("SET idle_session_timeout = 0")  # a server that hangs up would give the lock away
        deadline = time.monotonic() + wait
        while not driver.execute(TRY, [f"{task.key}:{name}"]).fetchone()[0]:
            if time.monotonic() >= deadline:
                since = f"has been running for {wait:g} s" if wait else "is running"
                raise task.busy(f"another {task.noun} of {task.subject} {name} {since}; wait for it and try again")
            time.sleep(POLL_SECONDS)
        yield
    finally:
        own.invalidate()  # closes it, which gives the lock back; so does the death of this process
        pool.dispose()
