"""Engines and connections: no row value in an error, the right schema, one clear line when the server is away."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy
from psycopg.sql import Identifier, Literal
from sqlalchemy import URL, Connection, Engine, NullPool, TextClause, event, text
from sqlalchemy.exc import DBAPIError

from app_schema.embedded import EmbeddedServer
from app_schema.errors import ServerUnreachable, SettingsError
from app_schema.scrub import scrub
from app_schema.settings import Settings, parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.ext.asyncio import AsyncEngine


CONNECT_SECONDS = 10  # a server that takes longer to answer is away


def database_url(settings: Settings) -> URL:
    """Return ``DATABASE_URL``, or the URL of the embedded server when it is unset.

    Raises:
        EmbeddedServerStopped: the embedded server is meant and does not run.
    """
    return settings.database_url or EmbeddedServer(settings.home).url()


def create_engine(url: str | URL | None = None, *, schema: str | None = None, read_only: bool = False, **options: Any) -> Engine:
    """Create an engine whose exceptions carry no row values.

    Args:
        url: a PostgreSQL URL; without it the environment decides, as everywhere in this package.
        schema: the PostgreSQL schema that holds the tables; without it ``APP_SCHEMA_SCHEMA``, and
            with ``public`` the server's own ``search_path`` stands.
        read_only: every transaction is READ ONLY, in autocommit by a startup option. Without a URL the replica of
            ``DATABASE_READ_URL`` is meant if it is set, which is a moment behind: read there what need not show one's own
            last write. PgBouncer takes the startup option with ``ignore_startup_parameters = options``.
        options: passed on to :func:`sqlalchemy.create_engine`.

    Raises:
        SettingsError: the environment is malformed.
        EmbeddedServerStopped: no URL is given anywhere and the embedded server does not run.
    """
    url, schema = _where(url, schema, read_only=read_only)
    engine = sqlalchemy.create_engine(
        url, hide_parameters=True, connect_args=_session(url, options, read_only=read_only), **_execution(options, read_only=read_only)
    )
    _prepare(engine, schema)
    return engine


def create_async_engine(url: str | URL | None = None, *, schema: str | None = None, read_only: bool = False, **options: Any) -> AsyncEngine:
    """Create an async engine; arguments and errors as for :func:`create_engine`."""
    from sqlalchemy.ext import asyncio  # noqa: PLC0415 (with the ORM, which commands do without)

    url, schema = _where(url, schema, read_only=read_only)
    options = {"connect_args": _session(url, options, read_only=read_only), **_execution(options, read_only=read_only)}
    engine = asyncio.create_async_engine(url, hide_parameters=True, **options)
    _prepare(engine.sync_engine, schema)
    return engine


@contextmanager
def connect(settings: Settings) -> Iterator[Connection]:
    """Open one connection to the settings' database and schema, as commands and migrations use it.

    Raises:
        ServerUnreachable: with the reason and the cure, without the password.
    """
    with connect_to(database_url(settings)) as connection:
        # also for public, which the role's own search_path may leave out
        connection.execute(verbatim(f"SET search_path TO {quoted(settings.schema_name)}"))
        connection.commit()
        yield connection


@contextmanager
def connect_to(url: URL, **options: Any) -> Iterator[Connection]:
    """Open one connection to the database that ``url`` names; options and errors as for the above."""
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    engine = create_engine(url, schema="public", poolclass=NullPool, connect_args=patience, **options)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise ServerUnreachable(_reason(engine.url, str(error.orig))) from None
    with connection:
        yield connection


def administer(url: URL) -> AbstractContextManager[Connection]:
    """Open an autocommit connection to the database ``postgres`` of the server that ``url`` names; errors as for the above."""
    return connect_to(url.set(database="postgres"), isolation_level="AUTOCOMMIT")


def writable(url: URL) -> URL:
    """Return a URL whose sessions write even where the database, the role or the server says ``default_transaction_read_only``."""
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    return url.update_query_dict({"options": f"{options} -c default_transaction_read_only=off".strip()})


def quoted(name: str) -> str:
    """Quote an identifier: any name that PostgreSQL takes, blanks and quotes included."""
    return Identifier(name).as_string()


def literal(value: str) -> str:
    """Quote a text for SQL."""
    return Literal(value).as_string()


def shown(url: URL) -> str:
    """Return a URL for people: where the server is, and nothing that opens it (libpq takes a password as an option, too)."""
    query = {name: value for name, value in url.query.items() if name in ("host", "port")}
    plain = url.set(drivername="postgresql", query=query)
    return plain.render_as_string()


def verbatim(sql: str) -> TextClause:
    """Return SQL that is executed as it stands: a colon in it is a colon, never a bind parameter."""
    return text(sql.replace(":", r"\:"))


def _where(url: str | URL | None, schema: str | None, *, read_only: bool) -> tuple[URL, str]:
    if isinstance(url, str):
        try:
            url = parse_url(url)
        except ValueError as error:
            raise SettingsError(f"the database URL {error}") from None
    if url and schema:
        return url, schema
    settings = Settings.from_env()
    url = url or (settings.database_read_url if read_only else None)
    return url or database_url(settings), schema or settings.schema_name


def _execution(options: dict[str, Any], *, read_only: bool) -> dict[str, Any]:
    # BEGIN READ ONLY holds behind a transaction pooler, too, where a setting of the session would leak between its clients
    return options | {"execution_options": options.get("execution_options", {}) | {"postgresql_readonly": True}} if read_only else options


def _session(url: URL, options: dict[str, Any], *, read_only: bool) -> dict[str, Any]:
    # UTF8 and not the server's choice: from a SQL_ASCII database even its version would come as bytes.
    arguments = {"client_encoding": "UTF8", **options.pop("connect_args", {})}
    if read_only:  # in autocommit there is no BEGIN that could say it
        given = arguments.get("options") or url.query.get("options") or os.environ.get("PGOPTIONS") or ""
        arguments["options"] = f"{given} -c default_transaction_read_only=on".strip()
    return arguments


def _prepare(engine: Engine, schema: str) -> None:
    scrub(engine)
    if schema != "public":
        event.listen(engine, "connect", lambda connection, _record: _set_search_path(connection, schema), insert=True)


def _set_search_path(connection: Any, schema: str) -> None:
    autocommit, connection.autocommit = connection.autocommit, True  # so that a rollback does not undo it
    cursor = connection.cursor()
    cursor.execute(f"SET search_path TO {quoted(schema)}")
    cursor.close()
    connection.autocommit = autocommit


def _reason(url: URL, message: str) -> str:
    reason = next(iter(message.strip().splitlines()), "no answer").removeprefix("connection failed: ").strip()
    cure = "check that the server runs and that DATABASE_URL names it"
    if "does not exist" in reason and "database" in reason:
        cure = "check its name in DATABASE_URL, or create it with: app-schema init"
    elif "password" in reason or "authentication" in reason:
        cure = "check the user and the password in DATABASE_URL"
    return f"cannot connect to {shown(url)}: {reason}; {cure}"
