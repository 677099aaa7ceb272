"""``restore dump``: a dump into a new database, compared with what was taken before it gets its name."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup import contents, proof
from app_schema.backup.programs import Programs
from app_schema.backup.taking import major
from app_schema.engine import administer, connect_to, quoted
from app_schema.errors import RestoreError
from app_schema.restore import archive, place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import URL, Connection

    from app_schema.backup.entry import Proof
    from app_schema.restore.place import Place
    from app_schema.restore.source import Source
    from app_schema.settings import Settings


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        database: the name that it has now.
        seconds: the whole of it.
        rows: how many, in ``tables`` tables.
        differences: from what was taken, a line each; None when there was no proof to compare with.
        notes: what else is worth knowing, a line each.
    """

    database: str
    seconds: float
    tables: int
    rows: int
    differences: tuple[str, ...] | None
    notes: tuple[str, ...] = ()


def restore(settings: Settings, source: Source, server: URL, name: str, report: Callable[[int], None] | None = None) -> Restored:
    """Restore one database of a backup as the new database ``name`` of ``server``.

    Raises:
        BackupDamaged: the file is not what was written; nothing was restored.
        RestoreError: there is a database of that name, or the server cannot take the dump; nothing is left behind.
    """
    begun = time.monotonic()
    with administer(server) as administrator:
        if place.exists(administrator, name):
            raise RestoreError(f"database {name} exists: give --to NAME for a new one, or --replace to put the backup in its place")
        check(administrator, source)
    with source.opened(settings, report) as file, place.beside(server, source.database) as there:
        notes = there.notes + fill(there, source, file)
        found = look(there.url, catalog=not source.database.missing)
        differences = proof.compare(source.database.proof, found) if source.database.proof else None
        there.become(name)
    tables = found.tables.values()
    return Restored(name, time.monotonic() - begun, len(tables), sum(table.rows or 0 for table in tables), differences, notes)


def fill(there: Place, source: Source, file: Path, *sections: str) -> tuple[str, ...]:
    """Restore an archive, or some sections of it, into a new database; return what could not be, a line each.

    Raises:
        RestoreError: the server refused part of it.
    """
    programs = Programs.find(max(source.client_major, major(there.administrator)))
    owner = [] if _is_superuser(there.administrator) else ["--no-owner"]
    errors = archive.restore(programs, there.url, file, *owner, *(f"--section={section}" for section in sections))
    if errors and not source.database.missing:
        raise RestoreError(f"{len(errors)} objects could not be restored, the first: {errors[0]}; nothing was left behind")
    with connect_to(there.url, isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return tuple(f"not restored, since the dump lacks what it needs: {error}" for error in errors)


def check(administrator: Connection, source: Source) -> None:
    """Refuse what this server cannot take, before anything is made on it."""
    here = major(administrator)
    if source.server_major > here:
        raise RestoreError(
            f"the dump is of PostgreSQL {source.server_major} and this server is {here}: restore it into {source.server_major} or newer"
        )
    there = set(administrator.scalars(text("SELECT rolname FROM pg_roles")))
    if missing := [role for role in source.database.roles if role not in there]:
        statements = " ".join(f"CREATE ROLE {quoted(role)} NOLOGIN;" for role in missing)
        raise RestoreError(f"this server lacks roles that own or use what is in the dump; create them first: {statements}")


def look(url: URL, *, catalog: bool) -> Proof:
    """Take the proof of what was restored."""
    with connect_to(url) as connection, proof.standing_still(connection):
        return proof.take(connection, contents.look(connection).tables, rows=True, catalog=catalog)


def _is_superuser(administrator: Connection) -> bool:
    return bool(administrator.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")))
