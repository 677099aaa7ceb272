"""Where a restore goes: a database of its own beside the others, which is ours until it has its name."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema import databases
from app_schema.engine import administer, literal, quoted, verbatim
from app_schema.errors import RestoreError, RestoreRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

    from app_schema.backup.holding import Database

NAME = "app_schema_restoring_{}"
MARK = "app_schema: an unfinished restore; the next one drops it"
KEY = "hashtextextended('app_schema.restore:' || :name, 0)"
# A restore that died between CREATE DATABASE and COMMENT has left one without a comment.
LEFT_OVER = text("""
    SELECT datname FROM pg_database
    WHERE datname ~ '^app_schema_restoring_[0-9a-f]{12}$' AND coalesce(shobj_description(oid, 'pg_database'), :mark) = :mark
        AND pg_has_role(datdba, 'MEMBER')
""")
EXISTS = text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")


@dataclass(frozen=True)
class Place:
    """A new database under a name that says what it is.

    Attributes:
        administrator: an autocommit connection to the server's database ``postgres``.
        url: of the new database.
        notes: what is not as it was where the backup was taken, a line each.
    """

    administrator: Connection
    url: URL
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name it has for now."""
        return str(self.url.database)

    def become(self, name: str) -> None:
        """Give it its name; from here on no restore drops it."""
        with together(self.administrator):
            self.administrator.execute(verbatim(f"COMMENT ON DATABASE {quoted(self.name)} IS NULL"))
            self.administrator.execute(verbatim(f"ALTER DATABASE {quoted(self.name)} RENAME TO {quoted(name)}"))


@contextmanager
def beside(server: URL, database: Database | None) -> Iterator[Place]:
    """Make a database like ``database`` and yield it; whatever has not been given a name at the end is dropped.

    Raises:
        RestoreRefused: this role may not create databases.
        ServerUnreachable: the server does not answer.
    """
    with administer(server) as administrator:
        sweep(administrator)
        name = NAME.format(secrets.token_hex(6))
        administrator.execute(text(f"SELECT pg_advisory_lock({KEY})"), {"name": name})  # held until this connection ends, however it ends
        try:
            notes = _create(administrator, name, database)
            administrator.execute(verbatim(f"COMMENT ON DATABASE {quoted(name)} IS {literal(MARK)}"))
            yield Place(administrator, server.set(database=name), notes)
        finally:
            _remove(administrator, name)


def sweep(administrator: Connection) -> None:
    """Drop what restores have left that were killed; one that still runs holds the lock of its name."""
    for name in administrator.scalars(LEFT_OVER, {"mark": MARK}).all():
        if administrator.scalar(text(f"SELECT pg_try_advisory_lock({KEY})"), {"name": name}):
            databases.drop(administrator, name)
            administrator.execute(text(f"SELECT pg_advisory_unlock({KEY})"), {"name": name})


def exists(administrator: Connection, name: str) -> bool:
    """Whether the server has a database of that name."""
    return bool(administrator.scalar(EXISTS, {"name": name}))


@contextmanager
def together(administrator: Connection) -> Iterator[None]:
    """Run a block in one transaction of an autocommit connection."""
    administrator.exec_driver_sql("BEGIN")
    try:
        yield
    except BaseException:
        administrator.exec_driver_sql("ROLLBACK")
        raise
    administrator.exec_driver_sql("COMMIT")


def _remove(administrator: Connection, name: str) -> None:
    # it holds a copy of the rows: if it must stay, whoever runs this has to know
    try:
        databases.drop(administrator, name)
    except DBAPIError as error:
        raise RestoreError(f"the restore's own database {name} could not be dropped: {error.orig}; drop it: DROP DATABASE {name}") from None


def _create(administrator: Connection, name: str, database: Database | None) -> tuple[str, ...]:
    create = f"CREATE DATABASE {quoted(name)} TEMPLATE template0"
    locale = dict(database.locale) if database else {"ENCODING": "UTF8"}
    encoding = locale.pop("ENCODING", "UTF8")
    provider = locale.pop("LOCALE_PROVIDER", None)
    clauses = "".join(f" {clause} = {literal(value)}" for clause, value in locale.items())
    try:
        administrator.execute(
            verbatim(f"{create} ENCODING {literal(encoding)}{clauses}{f' LOCALE_PROVIDER = {provider}' if provider else ''}")
        )
    except DBAPIError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            role = administrator.exec_driver_sql("SELECT current_user").scalar_one()
            raise RestoreRefused(
                f"role {role} may not create the database that a restore is made in: have a superuser run"
                f" ALTER ROLE {quoted(role)} CREATEDB, or connect as a role that may"
            ) from None
        if not clauses:
            raise
        administrator.execute(verbatim(f"{create} ENCODING {literal(encoding)}"))  # a locale that this machine does not have
        return (f"this server has no locale {locale.get('LC_COLLATE')}: its own is used, so texts may sort differently",)
    return ()
