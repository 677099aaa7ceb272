"""``restore drill``: restore into a throwaway database, compare, and note in the catalogue whether it came and how long it took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup import proof
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.event import Drill
from app_schema.backup.programs import Programs
from app_schema.backup.steps import UNWATCHED
from app_schema.backup.taking import encrypted, major
from app_schema.engine import administer, connect_to, verbatim, writable
from app_schema.errors import BackupDamaged, RestoreError, RestoreRefused
from app_schema.restore import place
from app_schema.restore.dump import compared, explained
from app_schema.restore.filling import SUPERUSER, check, fill
from app_schema.restore.pages import amcheck

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from app_schema.backup.steps import Steps
    from app_schema.restore.place import Place
    from app_schema.restore.replay import Filled
    from app_schema.restore.source import Source
    from app_schema.settings import Settings

NO_OWNERS = "owners were not compared, since a role that is no superuser restores everything as its own"
RTO = timedelta(hours=4)  # of a full backup, by the policy's table
# A throwaway copy need not survive a crash, and a daily drill should not fill the WAL, its archive and its replicas.
UNLOGGED = text("""
    SELECT format('ALTER TABLE %s SET UNLOGGED', c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
""")


@dataclass(frozen=True)
class Drilled:
    """What a drill found; ``notes`` are what it could not look at."""

    drill: Drill
    notes: tuple[str, ...] = ()


def drill(settings: Settings, source: Source, server: URL, *, quick: bool = False, steps: Steps = UNWATCHED) -> Drilled:
    """Try a restore; nothing stays of it but its result in the catalogue.

    Args:
        settings: how to decrypt.
        source: a backup of the catalogue.
        server: where to try; the database that the URL names is not touched.
        quick: definitions and rows only, compared by counts and hashes.
        steps: is told what is being done.

    Raises:
        RestoreError: the source is not in the catalogue, or has nothing to compare with.
        RestoreRefused: the server does not let it begin, which says nothing of the backup; no result is noted.
    """
    if source.entry is None or source.database is None or source.database.proof is None:
        raise RestoreError(f"{source.name} holds nothing to compare with: a drill of it would prove nothing")
    if source.path.parent != source.folder.path:
        raise RestoreError(f"{source.path} is not in {source.folder.path}, whose catalogue keeps the results of drills: move it there")
    begun, at = time.monotonic(), datetime.now(UTC)
    server = writable(server)
    notes: tuple[str, ...] = source.shortcomings
    differences: tuple[str, ...] = ()
    error = None
    try:
        with administer(server) as administrator:
            check(administrator, settings, source, make_roles=False)  # a role would stay
        with source.opened(settings, steps) as file, place.beside(server, source.database) as there:
            steps.begin("restoring rows" if quick else "restoring rows, indexes and keys")
            filled = _rows_only(there, settings, source, file) if quick else fill(there, settings, source, file)
            notes += there.notes + filled.notes
            steps.begin("comparing")
            done, differing = compared(settings, there, source, catalog=not quick)
            if not there.administrator.scalar(SUPERUSER):  # who restores all as its own
                notes += tuple(f"schema {schema}: {NO_OWNERS}" for schema, kind in differing if kind == proof.OWNER)
                differing = {key: line for key, line in differing.items() if key[1] != proof.OWNER}
            differences = (*map(str, filled.missing), *(done.differences or ()), *differing.values())
            notes += done.notes + explained(there, source, differing)
            if not quick:
                steps.begin("reading every page")
                bad, unseen = _check_pages(there)
                differences, notes = differences + bad, notes + unseen
    except RestoreRefused:  # what could not begin, for want of a key, a server or a right, proves nothing of the backup
        raise
    except (BackupDamaged, RestoreError) as failed:
        error = str(failed)
    result = Drill(at=at, quick=quick, seconds=time.monotonic() - begun, differences=differences, error=error)
    Catalogue(source.folder).amend(source.entry.id, lambda now: now.model_copy(update={"drills": (*now.drills, result)}))
    return Drilled(result, notes)


def _rows_only(there: Place, settings: Settings, source: Source, file: Path) -> Filled:
    """Restore definitions and rows without indexes, keys and triggers, which are most of a restore."""
    definitions = fill(there, settings, source, file, "pre-data")
    with connect_to(there.url) as connection:
        for statement in connection.scalars(UNLOGGED).all():
            connection.execute(verbatim(statement))
        connection.commit()
    return definitions + fill(there, settings, source, file, "data")


def _check_pages(there: Place) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # every page of every table and index, as amcheck reads them
    if not there.administrator.scalar(SUPERUSER):
        return (), ("pages were not checked: amcheck takes a superuser",)
    found, unseen = amcheck(Programs.find(major(there.administrator), tls=encrypted(there.administrator)), there.url)
    return (f"amcheck: {found}",) if found else (), (unseen,) if unseen else ()
