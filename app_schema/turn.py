"""One migrator at a time on a schema; the others wait for their turn."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app_schema.errors import MigratorBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

POLL_SECONDS = 0.1
TRY = "SELECT pg_try_advisory_lock(hashtextextended('app_schema.migrate:' || %s, 0))"


@contextmanager
def turn(connection: Connection, schema: str, *, wait: float) -> Iterator[None]:
    """Hold the schema's migration lock; wait at most ``wait`` seconds for it.

    The lock lives on a connection of its own and is polled: a session that sleeps in
    ``pg_advisory_lock`` holds a snapshot that ``CREATE INDEX CONCURRENTLY`` of the other migrator
    waits for, which is a deadlock.

    Raises:
        MigratorBusy: another migrator still holds it.
    """
    pool = connection.engine.pool.recreate()  # connects as the caller does, whatever that takes
    own = pool.connect()
    try:
        driver = own.driver_connection
        assert driver is not None  # noqa: S101 (a live connection has one)
        driver.autocommit = True
        driver.execute("SET idle_session_timeout = 0")  # a server that hangs up would give the lock away
        deadline = time.monotonic() + wait
        while not driver.execute(TRY, [schema]).fetchone()[0]:
            if time.monotonic() >= deadline:
                raise MigratorBusy(f"another migration of schema {schema} has been running for {wait:g} s; wait for it and try again")
            time.sleep(POLL_SECONDS)
        yield
    finally:
        own.invalidate()  # closes it, which gives the lock back; so does the death of this process
        pool.dispose()
