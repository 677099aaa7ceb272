"""A whole run: look whether it may be done, write, bring the planner's statistics up to date, commit."""

from __future__ import annotations

from contextlib import contextmanager
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema import migrate
from app_schema.errors import DatabaseNotAtHead, RowsThere, SeedingFailed
from app_schema.models import metadata
from app_schema.seeding.filling import fulfil
from app_schema.seeding.order import Order
from app_schema.seeding.space import check_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

TABLES = ", ".join(table.name for table in metadata.sorted_tables)
NEWEST = text("SELECT concat_ws('/', count(*), max(id::text)) FROM users")

PATIENCE = "1min"
CURES = {
    "42501": "; seed as the owner of the tables",
    "25006": "; name the primary in DATABASE_URL, or unset default_transaction_read_only",
    "55P03": f"; somebody has held a lock on the tables for {PATIENCE}: seed again when he is done",
}


class Mode(Enum):
    """What to do about rows that are there already."""

    REFUSE = "refuse"
    APPEND = "append"
    REPLACE = "replace"


def sow(
    connection: Connection,
    order: Order,
    *,
    mode: Mode = Mode.REFUSE,
    schema: str = "public",
    report: Callable[[str, int], None] | None = None,
) -> dict[str, int]:
    """Fill a schema and commit; whatever stops it, Ctrl-C included, leaves the database as it was.

    Args:
        connection: of its own, in no transaction.
        order: what to write.
        mode: what to do about rows that are there already.
        schema: the PostgreSQL schema, which ``connection`` finds first.
        report: called now and then with a table and the number of rows written since the last call.

    Returns:
        How many rows each table received.

    Raises:
        DatabaseNotAtHead: the schema is at another revision than these seeds.
        DiskTooSmall: the disk of the server does not hold that many rows.
        SeedingFailed: the server refused, its disk is full, it went away.
        RowsThere: there are users already, and ``mode`` refuses.
        SettingsError: Faker is not installed.
    """
    with _undone(connection):
        found = migrate.current(connection, schema=schema)
        if found != migrate.head():
            known = found is None or found in migrate.revisions()
            cure = "run app-schema db upgrade" if known else "install the version of app-schema that it was migrated with"
            raise DatabaseNotAtHead(f"schema {schema} is at revision {found or 'none'}, these seeds are for {migrate.head()}: {cure}")
        check_space(connection, order)
        _lock(connection)
        tag = ""
        if mode is Mode.REPLACE:
            connection.execute(text(f"TRUNCATE {TABLES}"))
        elif _has_users(connection):
            if mode is Mode.REFUSE:
                raise RowsThere(f"schema {schema} holds users already; add rows with --append, or empty every table first with --replace")
            tag = sha256(str(connection.execute(NEWEST).scalar_one()).encode()).hexdigest()[:6]
        return _write(connection, order, tag=tag, report=report)


def fill_if_empty(connection: Connection, order: Order | None = None) -> dict[str, int]:
    """Fill (with the demo, if not told otherwise) and commit; where there are users already, write nothing and return ``{}``."""
    order = order or Order("demo")
    if _has_users(connection):
        return {}
    with _undone(connection):
        check_space(connection, order)
        _lock(connection)
        if not _has_users(connection):
            return _write(connection, order)
        connection.rollback()
        return {}


def _write(connection: Connection, order: Order, *, tag: str = "", report: Callable[[str, int], None] | None = None) -> dict[str, int]:
    written = fulfil(connection, order, tag=tag, report=report)
    connection.execute(text(f"ANALYZE {TABLES}"))  # inside the transaction: statistics come with the rows or not at all
    connection.commit()
    return written


@contextmanager
def _undone(connection: Connection) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        connection.rollback()
        answer = error.orig if isinstance(error, DBAPIError) else error
        cure = CURES.get(getattr(answer, "sqlstate", None) or "", "")
        raise SeedingFailed(f"the database is as it was, since the server answered: {' '.join(str(answer).split())}{cure}") from error
    except BaseException:  # Ctrl-C too
        connection.rollback()
        raise


def _has_users(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM users)")).scalar_one())


def _lock(connection: Connection) -> None:
    # of two that come at once, the second waits here and then finds the first one's users; a million rows take their time
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    connection.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
