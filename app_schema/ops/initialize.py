"""Make a database ready for use: the database itself, the schema at head, a login for reports."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from psycopg.errors import DuplicateDatabase, InsufficientPrivilege, UniqueViolation
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from app_schema.engine import administer, connect_to, quoted, verbatim
from app_schema.errors import AppSchemaError, ServerUnreachable, ServerUnsuitable, SettingsError
from app_schema.preflight import check_server
from app_schema.settings import IDENTIFIER_BYTES

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Anything that a login for reports has no use for: what it may do, belongs to or owns.
FIND_ROLE = text("""
    SELECT NOT r.rolcanlogin OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication
        OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid AND m.roleid IS DISTINCT FROM to_regrole('app_readonly'))
        OR EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o')
        AS taken
    FROM pg_roles r WHERE r.rolname = :name
""")
FIND_ANOTHER_PATH = text("""
    SELECT setting FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase,
        unnest(s.setconfig) AS setting
    WHERE r.rolname = :name AND d.datname = current_database() AND setting LIKE 'search_path=%'
        AND setting <> 'search_path=' || quote_ident(:schema)
""")
STATEMENT_TIMEOUT = "5min"  # a report that runs longer is a mistake, and holds back VACUUM


def create_database(url: URL) -> bool:
    """Create the database that ``url`` names, in UTF-8; True if it was missing.

    Raises:
        ServerUnreachable: the server does not answer.
        ServerUnsuitable: the server cannot hold the schema, or the user may not create databases.
    """
    try:
        with connect_to(url):
            return False
    except ServerUnreachable as error:
        if not _is_missing(url):  # or nobody may look: then the first answer is the one that helps
            raise
        unreachable = error
    with administer(url) as connection:
        check_server(connection, writing=True)
        try:
            connection.execute(verbatim(f"CREATE DATABASE {quoted(str(url.database))} ENCODING 'UTF8' TEMPLATE template0"))
        except DBAPIError as error:
            if isinstance(error.orig, DuplicateDatabase | UniqueViolation):  # somebody else was faster
                return False
            raise ServerUnsuitable(
                f"the database {url.database} does not exist and could not be created ({error.orig}); somebody who may can, with:"
                f" CREATE DATABASE {quoted(str(url.database))} ENCODING 'UTF8' TEMPLATE template0 OWNER {quoted(str(url.username))}"
            ) from unreachable
    return True


def _is_missing(url: URL) -> bool:
    try:
        with administer(url) as connection:
            return not connection.scalar(text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)"), {"name": url.database})
    except ServerUnreachable:
        return False


def create_reporting_user(connection: Connection, name: str, *, schema: str) -> str | None:
    """Make a login that can only read, and reads no secret, address or message.

    Its settings are its own, since those of a group are not inherited, and of this database alone: read-only
    transactions, a ``statement_timeout`` and the ``search_path``.

    Returns:
        The new login's password, to be shown once; None when the login was there, which keeps its own.

    Raises:
        AppSchemaError: the name is taken by a role of another purpose, or this user may not create roles.
        SettingsError: no role can have that name.
    """
    role = quoted(name)
    if not name.strip() or len(name.encode()) > IDENTIFIER_BYTES or name.startswith("pg_"):
        raise SettingsError(f"a reporting user's name has 1 to {IDENTIFIER_BYTES} bytes and does not begin with pg_")
    found = connection.execute(FIND_ROLE, {"name": name}).one_or_none()
    if found is not None and found.taken:
        raise AppSchemaError(f"the role {name} serves another purpose than reports; choose another name for the reporting user")
    if elsewhere := connection.scalar(FIND_ANOTHER_PATH, {"name": name, "schema": schema}):
        raise AppSchemaError(f"the reporting user {name} reads another schema of this database ({elsewhere}); choose another name")
    here = f"IN DATABASE {quoted(connection.scalar(text('SELECT current_database()')) or '')}"
    password = None if found is not None else secrets.token_urlsafe(24)
    try:
        if password is not None:
            connection.execute(verbatim(f"CREATE ROLE {role} LOGIN PASSWORD '{_scrambled(connection, name, password)}'"))
        for statement in (
            f"GRANT app_readonly TO {role}",
            f"ALTER ROLE {role} {here} SET default_transaction_read_only = on",
            f"ALTER ROLE {role} {here} SET statement_timeout = '{STATEMENT_TIMEOUT}'",
            f"ALTER ROLE {role} {here} SET search_path = {quoted(schema)}",
        ):
            connection.execute(verbatim(statement))
        connection.commit()
    except DBAPIError as error:
        connection.rollback()
        cure = "; connect as a user with CREATEROLE" if isinstance(error.orig, InsufficientPrivilege) else ""
        raise AppSchemaError(f"the reporting user {name} cannot be made: {error.orig}{cure}") from None
    return password


def _scrambled(connection: Connection, name: str, password: str) -> str:
    # What reaches the server, and so its log, is the SCRAM verifier and never the password.
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 (a live connection has one)
    return str(driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode())
