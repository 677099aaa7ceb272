"""Dropping a database, also as a role that is not a superuser, and while autovacuum works in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.errors import InsufficientPrivilege, ObjectInUse
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema.engine import quoted, verbatim

if TYPE_CHECKING:
    from sqlalchemy import Connection

ATTEMPTS = 3  # in each the server waits up to 5 seconds for the sessions to end
# Sessions of users. Background workers such as autovacuum's have no user: only a superuser may end them, but the server
# itself ends autovacuum when a database is dropped or renamed.
DISCONNECT = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_roles ON pg_roles.oid = usesysid
    WHERE datname = :name AND pid <> pg_backend_pid()
        AND (pg_has_role(usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))
        AND (NOT rolsuper OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))
""")


def drop(administrator: Connection, name: str) -> None:
    """Drop a database if it exists, and disconnect its sessions; ``administrator`` is an autocommit connection to another one.

    ``WITH (FORCE)`` refuses a role that may not signal every process in the database, and an autovacuum worker is such a
    process. A plain DROP DATABASE ends autovacuum itself, so that only the sessions of users have to be ended before it.

    Raises:
        DBAPIError: this role does not own it, or may not end a session in it.
    """
    statement = f"DROP DATABASE IF EXISTS {quoted(name)}"
    try:
        administrator.execute(verbatim(f"{statement} WITH (FORCE)"))
    except DBAPIError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        refused = error
    else:
        return
    for _ in range(ATTEMPTS):
        administrator.execute(DISCONNECT, {"name": name})
        try:
            administrator.execute(verbatim(statement))
        except DBAPIError as error:
            if not isinstance(error.orig, ObjectInUse):
                raise
        else:
            return
    raise refused  # it says which session this role may not end
