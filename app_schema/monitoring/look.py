"""What every topic is given: the connection, the time, and what is known of the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.errors import InsufficientPrivilege
from sqlalchemy.exc import DBAPIError

from app_schema import migrate
from app_schema.backup import origin
from app_schema.engine import quoted
from app_schema.monitoring.topic import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from app_schema.monitoring.history import Past
    from app_schema.settings import Settings


class Unseen(Exception):
    """A topic cannot be looked at; ``command`` is what to run next."""

    def __init__(self, why: str, command: str) -> None:
        super().__init__(why)
        self.command = command


class Server(NamedTuple):
    """The server and the database, as ``sql/server.sql`` tells.

    Attributes:
        stats_reset: since when the statistics count; None when they never were reset.
        monitors: whether the role may see other sessions and the settings (``pg_monitor``).
        revision: of the schema; None without one, or when it could not be read.
        unread: why the revision could not be read, with the cure; None when it was.
        hidden: whether that is for want of a right, which is how it was set up and no fault.
        system_identifier, timeline, rescued: see :class:`.Origin`.
    """

    version: str
    major: int
    database: str
    user: str
    now: datetime
    started: datetime
    stats_reset: datetime | None
    standby: bool
    monitors: bool
    revision: str | None = None
    unread: str | None = None
    hidden: bool = False
    system_identifier: str | None = None
    timeline: int | None = None
    rescued: bool = False


@dataclass
class Look:
    """One look at a database.

    Attributes:
        now: by the clock that the caller gave.
        past: what was measured before.
        hidden: whether this topic could only be read in part, for want of a right.
    """

    connection: Connection
    settings: Settings
    server: Server
    now: datetime
    past: Past
    remarks: list[str] = field(default_factory=list)
    hidden: bool = False

    def query(self, name: str, **values: Any) -> Sequence[Any]:
        """Run ``sql/<name>.sql``; ``%(schema)s`` is the schema, quoted for ``to_regnamespace``."""
        return self.run(sql(name), **values)

    def run(self, statement: str, **values: Any) -> Sequence[Any]:
        """Run a statement with psycopg's placeholders."""
        return self.connection.exec_driver_sql(statement, {"schema": quoted(self.settings.schema_name), **values}).all()

    def remark(self, text: str) -> None:
        """Say what keeps this topic from being whole, with the cure."""
        self.remarks.append(text)

    def hide(self, text: str) -> None:
        """Say what this role may not see of this topic, with the cure; the topic then counts as not read."""
        self.hidden = True
        self.remark(text)

    @property
    def counting(self) -> timedelta:
        """For how long the statistics have counted."""
        return self.server.now - max(self.server.stats_reset or self.server.started, self.server.started)


def ask(connection: Connection, schema: str) -> Server:
    """Ask the server who it is, in a transaction that bounds its waiting; a revision that cannot be read ends nothing."""
    server = Server(**connection.exec_driver_sql(sql("server")).mappings().one(), **origin.ask(connection)._asdict())
    try:
        with connection.begin_nested():
            return server._replace(revision=migrate.current(connection, schema=schema))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        hidden = isinstance(error.orig, InsufficientPrivilege)
        table = f"{quoted(schema)}.alembic_version"
        user = quoted(server.user)
        cure = f"; GRANT USAGE ON SCHEMA {quoted(schema)} TO {user}; GRANT SELECT ON {table} TO {user}" if hidden else ""
        return server._replace(unread=f"the revision is unknown: {str(error.orig).strip()}{cure}", hidden=hidden)
