"""A whole run: look whether it may be done, write, bring the planner's statistics up to date, commit."""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema import migrate
from app_schema.errors import DatabaseNotAtHead, RowsThere
from app_schema.models import metadata
from app_schema.seeding.filling import fulfil, has_users, lock_users

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from app_schema.seeding.order import Order

TABLES = ", ".join(table.name for table in metadata.sorted_tables)
NEWEST = text("SELECT concat_ws('/', count(*), max(id::text)) FROM users")


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
        RowsThere: there are users already, and ``mode`` refuses.
        SettingsError: Faker is not installed.
    """
    found = migrate.current(connection, schema=schema)
    if found != migrate.head():
        raise DatabaseNotAtHead(
            f"schema {schema} is at revision {found or 'none'}, these seeds at {migrate.head()}: run app-schema db upgrade"
        )
    lock_users(connection)
    tag = ""
    if mode is Mode.REPLACE:
        connection.execute(text(f"TRUNCATE {TABLES}"))
    elif has_users(connection):
        if mode is Mode.REFUSE:
            raise RowsThere(
                f"schema {schema} holds users already; add rows beside them with --append, or empty every table first with --replace"
            )
        tag = sha256(str(connection.execute(NEWEST).scalar_one()).encode()).hexdigest()[:6]
    written = fulfil(connection, order, tag=tag, report=report)
    connection.execute(text(f"ANALYZE {TABLES}"))  # inside the transaction: statistics come and go with the rows
    connection.commit()
    return written
