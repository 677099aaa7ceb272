"""What goes into a new database: an archive or a script, once this server is known to take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup.programs import Programs
from app_schema.backup.taking import encrypted, major
from app_schema.engine import connect_to, quoted
from app_schema.errors import ProgramMissing, RestoreError, RestoreRefused
from app_schema.restore import archive, script
from app_schema.restore.roles import make

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from app_schema.restore.place import Place
    from app_schema.restore.source import Source
    from app_schema.settings import Settings

ROLES = text("SELECT rolname FROM pg_roles")
SUPERUSER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")


def check(administrator: Connection, settings: Settings, source: Source) -> None:
    """Refuse what this server cannot take, before anything is made on it; roles that a snapshot has are made from it.

    Raises:
        RestoreRefused: the server is older than the backup, or lacks its roles.
    """
    here = major(administrator)
    if source.server_major > here:
        newest = source.server_major
        raise RestoreRefused(f"the backup is of PostgreSQL {newest} and this server is {here}: restore it into {newest} or newer")
    wanted = source.database.roles if source.database else ()
    if missing := set(wanted) - set(administrator.scalars(ROLES)):
        missing -= make(administrator, settings, source, missing)
    if missing:
        statements = " ".join(f"CREATE ROLE {quoted(role)} NOLOGIN;" for role in sorted(missing))
        raise RestoreRefused(f"this server lacks roles that own or use what is in the backup; create them first: {statements}")


def programs_for(source: Source, administrator: Connection) -> Programs:
    """Return the programs that restore a backup through a connection.

    Raises:
        ProgramMissing: they are not here.
    """
    tls = encrypted(administrator)
    zstd = source.entry is not None and source.entry.compression.startswith("zstd")
    try:
        return Programs.find(max(source.client_major, major(administrator)), tls=tls, zstd=zstd)
    except ProgramMissing:
        if not zstd:
            raise
        return Programs.find(source.client_major, tls=tls, zstd=True)  # pg_restore fills newer servers too


def fill(there: Place, source: Source, file: Path, *sections: str) -> tuple[str, ...]:
    """Restore a file, or some sections of an archive, into a new database; return what could not be, a line each.

    Raises:
        RestoreError: the server refused part of it, or the file is none that pg_dump wrote.
    """
    programs = programs_for(source, there.administrator)
    if not script.is_archive(file):
        script.check(file, str(source.path))
        script.restore(programs, there.url, file)
        failures: list[archive.Failure] = []
    else:
        if source.entry is None:  # nothing else has proved it
            archive.check(programs, file, str(source.path))
        owner = [] if there.administrator.scalar(SUPERUSER) else ["--no-owner"]
        failures = archive.restore(programs, there.url, file, *owner, *(f"--section={section}" for section in sections))
    if failures and not (source.database and source.database.missing):
        raise RestoreError(f"{len(failures)} objects could not be restored, the first: {failures[0]}; nothing was left behind")
    if not sections:  # a server without statistics plans its first queries badly
        with connect_to(there.url, isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    return tuple(f"not restored from this part: {line}" for line in archive.folded(failures))
