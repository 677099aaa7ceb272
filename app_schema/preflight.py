"""What is asked of a server before a migration touches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.errors import RevisionUnknown, ServerUnsuitable

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

OLDEST = 15
FACTS = text(
    "SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_encoding') AS encoding,"
    " pg_is_in_recovery() AS standby, current_setting('transaction_read_only')::bool AS read_only, current_database() AS database"
)


def check_server(connection: Connection, *, writing: bool) -> None:
    """Refuse a server that cannot hold the schema.

    Raises:
        ServerUnsuitable: older than PostgreSQL 15, or read-only when ``writing``.
    """
    facts = connection.execute(FACTS).one()
    if facts.major < OLDEST:
        raise ServerUnsuitable(f"the server is PostgreSQL {facts.major}; app_schema needs {OLDEST} or newer: upgrade it or name another")
    if writing and facts.standby:
        raise ServerUnsuitable("the server is a standby and read-only; run this on its primary")
    if writing and facts.read_only:
        raise ServerUnsuitable(
            "the session is read-only (default_transaction_read_only); run this as a role that may write, or turn the setting off"
        )


def check_encoding(connection: Connection) -> None:
    """Refuse a database that cannot hold every text.

    Raises:
        ServerUnsuitable: it is not in UTF-8.
    """
    facts = connection.execute(FACTS).one()
    if facts.encoding != "UTF8":
        raise ServerUnsuitable(
            f"the database {facts.database} is encoded in {facts.encoding}; app_schema needs UTF8:"
            " make a new one with: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0"
        )


def check_revision(found: Collection[str], known: Collection[str]) -> None:
    """Refuse a database whose revision this code does not know.

    Raises:
        RevisionUnknown: it was migrated by a newer version, or by another project.
    """
    for revision in sorted(set(found) - set(known)):
        raise RevisionUnknown(
            f"the database is at revision {revision}, which this version of app_schema does not know (its newest is"
            f" {max(known, default='none')}): update app_schema, or point DATABASE_URL at another database"
        )
