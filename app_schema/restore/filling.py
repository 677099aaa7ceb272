"""What goes into a new database: an archive or a script, once this server is known to take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema.backup.contents import search_paths
from app_schema.backup.entry import Kind
from app_schema.backup.taking import encrypted, major
from app_schema.engine import connect_to, quoted
from app_schema.errors import BackupDamaged, RestoreError, RestoreRefused
from app_schema.restore import archive, script
from app_schema.restore.replay import AS_DUMPED, Filled, Replay, again
from app_schema.restore.roles import Made, make

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import URL, Connection

    from app_schema.restore.place import Place
    from app_schema.restore.source import Source
    from app_schema.settings import Settings

ROLES = text("SELECT rolname FROM pg_roles")
SET_SEARCH_PATH = text("SELECT set_config('search_path', :path, false)")
SUPERUSER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")


def check(administrator: Connection, settings: Settings, source: Source, *, make_roles: bool = True) -> tuple[str, ...]:
    """Refuse what this server cannot take, before anything is made on it; return what is worth knowing, a line each.

    Args:
        administrator: of the server.
        settings: how to decrypt.
        source: what is to be restored.
        make_roles: whether roles that the server lacks and a snapshot has are made; they stay.

    Raises:
        BackupDamaged: the file with the roles is not what was written.
        ProgramMissing: PostgreSQL's programs here are too old for it, or were built without its compression.
        RestoreRefused: the server is older than the backup, or lacks its roles.
    """
    here = major(administrator)
    if source.server_major > here:
        newest = source.server_major
        raise RestoreRefused(f"the backup is of PostgreSQL {newest} and this server is {here}: restore it into {newest} or newer")
    source.programs(here, tls=encrypted(administrator))
    wanted = source.database.roles if source.database else ()
    missing = set(wanted) - set(administrator.scalars(ROLES))
    made = make(administrator, settings, source, missing) if missing and make_roles else Made()
    if missing := missing - made.names:
        statements = " ".join(f"CREATE ROLE {quoted(role)} NOLOGIN;" for role in sorted(missing))
        raise RestoreRefused(f"this server lacks roles that own or use what is in the backup; create them first: {statements}")
    return made.notes


def fill(there: Place, settings: Settings, source: Source, file: Path, *sections: str) -> Filled:
    """Restore a file, or some sections of an archive, into a new database; return what could not be.

    Entries of an archive that fail are tried again, with the ``search_path`` that the database had.

    Raises:
        BackupDamaged: it is a backup of a kind that is no script, and is one.
        RestoreError: the server is in trouble or refused a script, or the file is none that pg_dump wrote.
    """
    programs = source.programs(major(there.administrator), tls=encrypted(there.administrator))
    paths = search_paths(source.database, settings.schema_name)
    path = paths[0]
    if not script.is_archive(file):
        if source.entry and source.entry.kind in (Kind.DUMP, Kind.SNAPSHOT):
            raise BackupDamaged(f"{source.path} is no archive of pg_dump, as every {source.entry.kind} of ours is; nothing was restored")
        script.check(file, str(source.path))
        done = Filled()
        if used := script.restore(there.url, file, str(source.path), paths):
            path, done = used, Filled((f"restored only with search_path = {used}, which the script does not set",))
    else:
        if source.entry is None:  # nothing else has proved it
            archive.check(programs, file, str(source.path))
        owner = () if there.administrator.scalar(SUPERUSER) else ("--no-owner",)
        replay = Replay(programs, there.url, file, owner, (AS_DUMPED, *paths))
        done = Filled()
        # what failed is tried again before triggers and keys are there, which rows of a later attempt would meet
        for part in (sections,) if sections else (("pre-data", "data"), ("post-data",)):
            done += _restore(replay, source, *(f"--section={section}" for section in part))
    return done if sections else done + _analyze(there.url, path)


def restore_lines(replay: Replay, *arguments: str, lines: Sequence[str] | None = None) -> Filled:
    """Restore part of an archive into a new database; what fails is tried again; return what could not be restored.

    Raises:
        RestoreError: the server is in trouble.
    """
    failures, numbers = archive.restore(replay.programs, replay.url, replay.archive, *replay.arguments, *arguments, lines=lines)
    if others := [failure for failure in failures if not failure.of_entry]:
        raise RestoreError(f"{len(failures)} objects could not be restored, the first: {others[0]}; nothing was left behind")
    return again(replay, numbers) if failures else Filled()


def _restore(replay: Replay, source: Source, *arguments: str) -> Filled:
    if not (source.database and source.database.missing):
        return restore_lines(replay, *arguments)
    # of a part, much fails for want of what was left out
    failures, _ = archive.restore(replay.programs, replay.url, replay.archive, *replay.arguments, *arguments)
    return Filled(tuple(f"not restored from this part: {line}" for line in archive.folded(failures)))


def _analyze(url: URL, path: str) -> Filled:
    # a server without statistics plans its first queries badly; indexes over functions need the names that these use
    with connect_to(url, isolation_level="AUTOCOMMIT") as connection:
        connection.execute(SET_SEARCH_PATH, {"path": path})
        try:
            connection.exec_driver_sql("ANALYZE")
        except DBAPIError as error:
            said = str(error.orig).splitlines()[0]
            return Filled((f"statistics for the planner are missing, since ANALYZE failed: {said}; run ANALYZE once that is mended",))
    return Filled()
