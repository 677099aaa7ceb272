"""What the database should be: the models and the newest frozen SQL, built in a schema that is thrown away."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema import objects
from app_schema.drift.catalog import enter
from app_schema.errors import ServerUnsuitable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, MetaData

    from app_schema.objects import SqlObject

BEFORE_TABLES = ("domains", "functions")
AFTER_TABLES = ("partitions", "triggers", "views")
AT_LAST = ("grants",)
MAY_CREATE = text(
    "SELECT has_database_privilege(current_database(), 'CREATE') AS allowed, current_setting('transaction_read_only')::bool AS read_only,"
    " current_user AS me, current_database() AS database, quote_ident(current_user) AS quoted_me,"
    " quote_ident(current_database()) AS quoted_database"
)


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """Run a block of which the database keeps nothing, whether or not a transaction is open."""
    alone = not connection.in_transaction()
    savepoint = connection.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        if alone:
            connection.rollback()


def build(connection: Connection, metadata: MetaData, *, granted: bool) -> str:
    """Build it in a new schema and return the schema's name; run this inside :func:`undone`.

    Args:
        connection: may create a schema in its database.
        metadata: the tables.
        granted: also run the grants, for which the group roles must exist.

    Raises:
        ServerUnsuitable: the user may not create a schema.
    """
    _may_create(connection)
    schema = f"drift_{uuid4().hex}"
    connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    enter(connection, schema)
    # A body may name what comes later; it was checked when its migration ran.
    connection.exec_driver_sql("SET LOCAL check_function_bodies = off")
    waiting = _settle(connection, _newest(BEFORE_TABLES))
    metadata.create_all(connection, checkfirst=False)
    waiting = _settle(connection, [*waiting, *_newest(AFTER_TABLES)])
    for each in (*waiting, *_newest(AT_LAST if granted else ())):
        connection.execute(each.statement)
    return schema


def _newest(kinds: Iterable[str]) -> list[SqlObject]:
    return [each for kind in kinds for each in objects.newest(kind)]


def _settle(connection: Connection, waiting: list[SqlObject]) -> list[SqlObject]:
    """Make objects in whatever order they need, and return those that need something not made yet."""
    while waiting:
        still = [each for each in waiting if not _made(connection, each)]
        if len(still) == len(waiting):
            break
        waiting = still
    return waiting


def _made(connection: Connection, each: SqlObject) -> bool:
    savepoint = connection.begin_nested()
    try:
        connection.execute(each.statement)
    except DBAPIError:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def _may_create(connection: Connection) -> None:
    facts = connection.execute(MAY_CREATE).one()
    if facts.read_only:
        raise ServerUnsuitable(f"the database {facts.database} is read-only here; compare on the primary, in a transaction that may write")
    if not facts.allowed:
        raise ServerUnsuitable(
            f"user {facts.me} may not create the throwaway schema that the database {facts.database} is compared with;"
            f" its owner can allow it with: GRANT CREATE ON DATABASE {facts.quoted_database} TO {facts.quoted_me}"
        )
