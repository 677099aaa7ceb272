"""Make a database ready for use: the database itself, the schema at head, a login for reports."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from psycopg.errors import DuplicateDatabase, UniqueViolation
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from app_schema.engine import administer, quoted, verbatim
from app_schema.errors import AppSchemaError, ServerUnsuitable

if TYPE_CHECKING:
    from sqlalchemy import Connection

FIND_ROLE = text(
    "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication AS mighty FROM pg_roles WHERE rolname = :name"
)
STATEMENT_TIMEOUT = "5min"  # a report that runs longer is a mistake, and holds back VACUUM


def create_database(url: URL) -> bool:
    """Create the database that ``url`` names, in UTF-8; True if it was missing.

    Raises:
        ServerUnreachable: the server does not answer.
        ServerUnsuitable: the user may not create databases.
    """
    with administer(url) as connection:
        if connection.scalar(text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)"), {"name": url.database}):
            return False
        try:
            connection.execute(verbatim(f"CREATE DATABASE {quoted(str(url.database))} ENCODING 'UTF8' TEMPLATE template0"))
        except DBAPIError as error:
            if isinstance(error.orig, DuplicateDatabase | UniqueViolation):  # somebody else was faster
                return False
            raise ServerUnsuitable(
                f"the database {url.database} does not exist and user {url.username} cannot create it ({error.orig});"
                f" an administrator can, with: CREATE DATABASE {quoted(str(url.database))} ENCODING 'UTF8' TEMPLATE template0"
                f" OWNER {quoted(str(url.username))}"
            ) from None
    return True


def create_reporting_user(connection: Connection, name: str, *, schema: str) -> str | None:
    """Make a login that can only read, and reads no secret, address or message.

    Its settings are its own, since those of a group are not inherited: read-only transactions, a
    ``statement_timeout`` and the ``search_path``.

    Returns:
        The new login's password, to be shown once; None when the login was there, which keeps its own.

    Raises:
        AppSchemaError: the name is taken by a role that can do more, or this user may not create roles.
    """
    role = quoted(name)
    found = connection.execute(FIND_ROLE, {"name": name}).one_or_none()
    if found is not None and found.mighty:
        raise AppSchemaError(f"the role {name} can do more than read; choose another name for the reporting user")
    password = None if found is not None else secrets.token_urlsafe(24)
    try:
        if password is not None:
            connection.execute(verbatim(f"CREATE ROLE {role} LOGIN PASSWORD '{_scrambled(connection, name, password)}'"))
        for statement in (
            f"GRANT app_readonly TO {role}",
            f"ALTER ROLE {role} SET default_transaction_read_only = on",
            f"ALTER ROLE {role} SET statement_timeout = '{STATEMENT_TIMEOUT}'",
            f"ALTER ROLE {role} SET search_path = {quoted(schema)}",
        ):
            connection.execute(verbatim(statement))
        connection.commit()
    except DBAPIError as error:
        connection.rollback()
        raise AppSchemaError(f"the reporting user {name} cannot be made: {error.orig}; connect as a user with CREATEROLE") from None
    return password


def _scrambled(connection: Connection, name: str, password: str) -> str:
    # What reaches the server, and so its log, is the SCRAM verifier and never the password.
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 (a live connection has one)
    return str(driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode())
