"""One migrator at a time on a schema; the others wait for their turn."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, text

from app_schema.errors import MigratorBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

POLL_SECONDS = 0.1
KEY = "hashtextextended('app_schema.migrate:' || :schema, 0)"
TRY = text(f"SELECT pg_try_advisory_lock({KEY})")


@contextmanager
def turn(connection: Connection, schema: str, *, wait: float) -> Iterator[None]:
    """Hold the schema's migration lock; wait at most ``wait`` seconds for it.

    The lock lives on a connection of its own and is polled: a session that sleeps in
    ``pg_advisory_lock`` holds a snapshot that ``CREATE INDEX CONCURRENTLY`` of the other migrator
    waits for, which is a deadlock.

    Raises:
        MigratorBusy: another migrator still holds it.
    """
    engine = create_engine(connection.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + wait
    with engine.connect() as own:
        while not own.scalar(TRY, {"schema": schema}):
            if time.monotonic() >= deadline:
                raise MigratorBusy(f"another migration of schema {schema} has been running for {wait:g} s; wait for it and try again")
            time.sleep(POLL_SECONDS)
        yield  # closing the connection gives the lock back, also when this process dies
