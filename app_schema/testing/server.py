"""Which server tests may use, and the refusal of any other."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from sqlalchemy import URL

from app_schema.embedded import EmbeddedServer
from app_schema.errors import ServerNotDisposable, SettingsError
from app_schema.urls import parse_url

if TYPE_CHECKING:
    from app_schema.settings import Settings

MAINTENANCE = "postgres"  # CREATE DATABASE is sent from here; nothing is written in it


def choose(settings: Settings) -> URL:
    """Return the server of ``DATABASE_URL`` if it is marked disposable; without one the embedded server, started.

    Raises:
        ServerNotDisposable: ``DATABASE_URL`` is set and not marked, or names a protected database.
        EmbeddedServerError: there is no server to start, or it does not start.
    """
    url = settings.server_url
    if url is None:
        server = EmbeddedServer(settings.home)
        server.start()  # and left running: the next run finds it warm
        return server.url(MAINTENANCE)
    if not settings.disposable:
        raise ServerNotDisposable
    if url.database in settings.protect:
        raise ServerNotDisposable(f"DATABASE_URL names {url.database}, which APP_SCHEMA_PROTECT protects; point it at a server for tests")
    return url.set(database=MAINTENANCE)


def url_of(server: object) -> URL:
    """Read what the fixture ``app_schema_server`` returned: a URL, its text, or a server of pytest-postgresql.

    Raises:
        SettingsError: it is none of these.
    """
    if isinstance(server, URL):
        return server.set(drivername="postgresql+psycopg")
    if isinstance(server, str):
        try:
            return parse_url(server)
        except ValueError as error:
            raise SettingsError(f"the fixture app_schema_server returned what {error}") from None
    try:
        query = {"host": str(server.host), "port": str(server.port)}  # type: ignore[attr-defined]
        user, password = server.user, server.password  # type: ignore[attr-defined]
    except AttributeError:
        raise SettingsError("the fixture app_schema_server must return a URL, or a server of pytest-postgresql") from None
    return URL.create("postgresql+psycopg", user, password or None, database=MAINTENANCE, query=query)  # a socket's folder is a host too


def way_to(url: URL, settings: Settings) -> str:
    """Return the command that opens ``url`` in psql: it holds no password, but says where the embedded server's is."""
    bare = URL.create("postgresql", url.username, host=url.host, port=url.port, database=url.database, query=url.query)
    address = bare.render_as_string()
    server = EmbeddedServer(settings.home)
    file = server.home / "password"
    if url.password and os.access(file, os.R_OK) and file.read_text(encoding="ascii") == url.password:
        return f'PGPASSWORD="$(cat {shlex.quote(str(file))})" {shlex.quote(str(server.programs / "psql"))} {shlex.quote(address)}'
    return f"psql {shlex.quote(address)}"
