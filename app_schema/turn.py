"""One at a time: migrators of a schema, maintenance of a database; the others wait for their turn."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from app_schema import patience
from app_schema.errors import AppSchemaError, MaintenanceBusy, MigratorBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
HOLDER = """
SELECT format('process %%s of the server, user %%s', l.pid, a.usename) FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND a.datname = current_database()
    AND (l.classid::int8 << 32) | l.objid::int8 = hashtextextended(%s, 0)
"""


class Task(NamedTuple):
    """What only one may do at a time; ``subject`` is what ``name`` is a name of."""

    key: str
    noun: str
    subject: str
    busy: type[AppSchemaError]


MIGRATION = Task("app_schema.migrate", "migration", "schema", MigratorBusy)
MAINTENANCE = Task("app_schema.maintain", "maintenance", "database", MaintenanceBusy)
REVIEW = Task("app_schema.review", "monthly drill and review", "database", MaintenanceBusy)  # which change nothing that upkeep does


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
        key = [f"{task.key}:{name}"]

        def holder() -> str:
            held = driver.execute(HOLDER, key).fetchone()
            return f" ({held[0]})" if held else ""

        for _ in patience.attempts(wait, lambda: f"another {task.noun} of {task.subject} {name}{holder()}"):
            if driver.execute(TRY, key).fetchone()[0]:
                break
        else:
            since = f"has been running for {patience.span(wait)}" if wait else "is running"
            raise task.busy(f"another {task.noun} of {task.subject} {name} {since}{holder()}; wait for it and try again")
        yield
    finally:
        own.invalidate()  # closes it, which gives the lock back; so does the death of this process
        pool.dispose()
