"""Engines and connections: no row value in an error, the right schema, one clear line when the server is away."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy
from psycopg.sql import Identifier, Literal
from sqlalchemy import URL, Connection, Engine, NullPool, TextClause, text
from sqlalchemy.exc import DBAPIError

from app_schema import transactions
from app_schema.embedded import EmbeddedServer
from app_schema.errors import ServerUnreachable, SessionRequired, SettingsError
from app_schema.scrub import scrub
from app_schema.settings import Settings
from app_schema.urls import PREPARE_THRESHOLD, parse_prepare_threshold, parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.ext.asyncio import AsyncEngine


POOLED = "{} is a connection pooler, and this needs a session of its own: set DATABASE_DIRECT_URL to the address of the server itself"
VARIABLE = "DATABASE_URL (DATABASE_DIRECT_URL, if that is set)"
CONNECT_SECONDS = 10  # a server that takes longer to answer is away


def database_url(settings: Settings) -> URL:
    """Return where commands connect: ``DATABASE_DIRECT_URL``, else ``DATABASE_URL``, else the embedded server.

    Raises:
        EmbeddedServerStopped: the embedded server is meant and does not run.
    """
    return settings.server_url or EmbeddedServer(settings.home).url()


def create_engine(url: str | URL | None = None, *, schema: str | None = None, read_only: bool = False, **options: Any) -> Engine:
    """Create an engine whose exceptions carry no row values; it works behind a connection pooler in transaction mode, too.

    Args:
        url: a PostgreSQL URL; without it the environment decides, as everywhere in this package. ``prepare_threshold=5`` in
            it lets psycopg prepare statements, which few poolers can take; without it none is prepared.
        schema: the PostgreSQL schema that holds the tables, which every transaction begins with; without it
            ``APP_SCHEMA_SCHEMA``, and with ``public`` the server's own ``search_path`` stands.
        read_only: every transaction is READ ONLY, every statement in autocommit likewise. Without a URL the replica of
            ``DATABASE_READ_URL`` is meant if it is set, which is a moment behind: read there what need not show one's own
            last write.
        options: passed on to :func:`sqlalchemy.create_engine`.

    Behind a pooler, AUTOCOMMIT with a schema or ``read_only`` sends each statement in a transaction of its own, and
    ``raw_connection()`` knows neither.

    Raises:
        SettingsError: the environment is malformed.
        EmbeddedServerStopped: no URL is given anywhere and the embedded server does not run.
    """
    url, schema, options = _where(url, schema, options, read_only=read_only)
    engine = sqlalchemy.create_engine(url, hide_parameters=True, **options)
    _prepare(engine, schema, read_only=read_only)
    return engine


def create_async_engine(url: str | URL | None = None, *, schema: str | None = None, read_only: bool = False, **options: Any) -> AsyncEngine:
    """Create an async engine; arguments and errors as for :func:`create_engine`."""
    from sqlalchemy.ext import asyncio  # noqa: PLC0415 (with the ORM, which commands do without)

    url, schema, options = _where(url, schema, options, read_only=read_only)
    engine = asyncio.create_async_engine(url, hide_parameters=True, **options)
    _prepare(engine.sync_engine, schema, read_only=read_only)
    return engine


@contextmanager
def connect(settings: Settings, *, session: bool = True) -> Iterator[Connection]:
    """Open one connection to the settings' database and schema, as commands and migrations use it.

    Args:
        settings: name both.
        session: whether settings and locks of the session are needed. Without, a pooler will do, and each transaction
            begins in the schema.

    Raises:
        ServerUnreachable: with the reason and the cure, without the password.
        SessionRequired: a connection pooler in transaction mode is in the way.
    """
    # also for public, which the role's own search_path may leave out
    if not session:
        with _opened(database_url(settings), path=settings.schema_name) as connection:
            yield connection
        return
    with connect_to(database_url(settings)) as connection:
        connection.execute(verbatim(f"SET search_path TO {quoted(settings.schema_name)}"))
        connection.commit()
        yield connection


@contextmanager
def connect_to(url: URL, *, session: bool = True, **options: Any) -> Iterator[Connection]:
    """Open one connection to the database that ``url`` names; arguments and errors as for the above."""
    with _opened(url, **options) as connection:
        if session:
            require_session(connection)
        yield connection


def require_session(connection: Connection) -> None:
    """Refuse a connection whose settings and locks would stay on a pooler's server connection, for its next client.

    A pooler in session mode passes.

    Raises:
        SessionRequired: a connection pooler in transaction mode is in the way.
    """
    if not transactions.is_direct(connection) and transactions.shares_sessions(connection):
        raise SessionRequired(POOLED.format(shown(connection.engine.url)))


def administer(url: URL) -> AbstractContextManager[Connection]:
    """Open an autocommit connection to the database ``postgres`` of the server that ``url`` names; errors as for the above."""
    return connect_to(url.set(database="postgres"), isolation_level="AUTOCOMMIT")


def writable(url: URL) -> URL:
    """Return a URL whose sessions write even where the database, the role or the server says ``default_transaction_read_only``."""
    return with_options(url, {"default_transaction_read_only": "off"})


def with_options(url: URL, settings: dict[str, str]) -> URL:
    """Return a URL whose sessions begin with these settings; the values hold no blanks and no backslashes."""
    given = url.query.get("options", "")
    options = [given] if isinstance(given, str) else [*given]
    return url.update_query_dict({"options": " ".join([*options, *(f"-c {name}={value}" for name, value in settings.items())]).strip()})


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


def _where(url: str | URL | None, schema: str | None, options: dict[str, Any], *, read_only: bool) -> tuple[URL, str, dict[str, Any]]:
    threshold = None
    if url is not None:
        try:
            given = url
            url = parse_url(url) if isinstance(url, str) else url.difference_update_query([PREPARE_THRESHOLD])
            threshold = parse_prepare_threshold(given)
        except ValueError as error:
            raise SettingsError(f"the database URL {error}") from None
    if url is None or schema is None:
        settings = Settings.from_env()
        schema = schema or settings.schema_name
        if url is None and read_only and settings.database_read_url:
            url, threshold = settings.database_read_url, settings.read_prepare_threshold
        elif url is None:
            url, threshold = settings.database_url or EmbeddedServer(settings.home).url(), settings.prepare_threshold
    # UTF8 and not the server's choice: from a SQL_ASCII database even its version would come as bytes.
    arguments = {"client_encoding": "UTF8", "prepare_threshold": threshold, **options.get("connect_args", {})}
    if read_only:  # BEGIN READ ONLY
        options = options | {"execution_options": options.get("execution_options", {}) | {"postgresql_readonly": True}}
    return url, schema, options | {"connect_args": arguments}


@contextmanager
def _opened(url: URL, *, path: str | None = None, **options: Any) -> Iterator[Connection]:
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    engine = create_engine(url, schema="public", poolclass=NullPool, connect_args=patience, **options)
    if path is not None:
        transactions.prepare(engine, path, read_only=False)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        if "unsupported startup parameter" in str(error.orig):  # PgBouncer's words for options that a session begins with
            raise SessionRequired(POOLED.format(shown(url))) from None
        raise ServerUnreachable(_reason(engine.url, str(error.orig))) from None
    except UnicodeError:
        raise ServerUnreachable("the host of the database's URL is no name that can be looked up; check DATABASE_URL") from None
    with connection:
        yield connection


def _prepare(engine: Engine, schema: str, *, read_only: bool) -> None:
    scrub(engine)
    if schema != "public" or read_only:
        transactions.prepare(engine, None if schema == "public" else schema, read_only=read_only)


def _reason(url: URL, message: str) -> str:
    reason = next(iter(message.strip().splitlines()), "no answer").removeprefix("connection failed: ").strip()
    cure = f"check that the server runs and that {VARIABLE} names it"
    if "does not exist" in reason and "database" in reason:
        cure = f"check its name in {VARIABLE}, or create it with: app-schema init"
    elif "password" in reason or "authentication" in reason:
        cure = f"check the user and the password in {VARIABLE}"
    return f"cannot connect to {shown(url)}: {reason}; {cure}"
