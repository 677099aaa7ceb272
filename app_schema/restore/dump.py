"""``restore dump``: a backup into a database of its own, compared with what was taken before it gets its name."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app_schema.backup import contents, proof
from app_schema.backup.steps import UNWATCHED
from app_schema.engine import administer, connect_to, writable
from app_schema.errors import RestoreDiffers, RestoreError
from app_schema.restore import place
from app_schema.restore.filling import check, fill
from app_schema.restore.replace import swap

if TYPE_CHECKING:
    from sqlalchemy import URL

    from app_schema.backup.entry import Database, Proof
    from app_schema.backup.steps import Steps
    from app_schema.restore.replay import Missing
    from app_schema.restore.source import Source
    from app_schema.settings import Settings


OF_THE_SERVER = ("postgres", "template0", "template1")  # connected to for administration, and what new databases are made from


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        database: where the rows are.
        seconds: the whole of it.
        tables: how many, and ``rows`` in them.
        differences: from what was taken, a line each; None when there is nothing to compare with.
        notes: what else is worth knowing, a line each.
        old: the name that the replaced database has now.
        missing: what of the backup is not there.
    """

    database: str
    seconds: float
    tables: int
    rows: int
    differences: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    old: str | None = None
    missing: tuple[Missing, ...] = ()


def restore(settings: Settings, source: Source, target: URL, *, replace_it: bool = False, steps: Steps = UNWATCHED) -> Restored:
    """Restore one database of a backup as the one that ``target`` names.

    It is made beside, under another name; whoever interrupts this, however, leaves ``target`` as it was.

    Args:
        settings: how to decrypt.
        source: the backup.
        target: the database to be.
        replace_it: whether it may be there; it keeps a dated name.
        steps: is told what is being done.

    Raises:
        BackupDamaged: the file is not what was written; nothing was restored.
        RestoreError: the database is there, or the server cannot take the dump; nothing is left behind.
        RestoreDiffers: what was restored is not what was taken, or not all of it, so that nothing was replaced.
    """
    begun = time.monotonic()
    target = writable(target)
    name = str(target.database)
    with administer(target) as administrator:
        there_already = place.exists(administrator, name)
        if there_already and name in OF_THE_SERVER:
            raise RestoreError(f"database {name} is the server's own, which nothing replaces: give --to NAME with another name")
        if there_already and not replace_it:
            raise RestoreError(f"database {name} exists: give --to NAME for a new one, or --replace to put the backup in its place")
        if there_already and source.database and source.database.missing:
            raise RestoreError(f"{source.shortcomings[0]}, so it replaces nothing; give --to NAME to look at it, or name a whole backup")
        check(administrator, settings, source)
    with source.opened(settings, steps) as file, place.beside(target, source.database) as there:
        steps.begin("restoring rows, indexes and keys")
        filled = fill(there, settings, source, file)
        notes = source.shortcomings + there.notes + filled.notes
        steps.begin("comparing")
        done = replace(_compared(there.url, source.database), database=name, notes=notes, missing=filled.missing)
        if there_already and (wrong := (*map(str, done.missing), *(done.differences or ()))):
            raise RestoreDiffers(f"database {name} was not replaced, for the backup restored otherwise: {'; '.join(wrong)}")
        old = swap(there, name) if there_already else None
        if not there_already:
            there.become(name)
    return replace(done, old=old, seconds=time.monotonic() - begun)


def look(url: URL, *, catalog: bool) -> Proof:
    """Take the proof of what was restored."""
    with connect_to(url) as connection, proof.standing_still(connection):
        return proof.take(connection, contents.look(connection).tables, rows=True, catalog=catalog)


def _compared(url: URL, database: Database | None) -> Restored:
    taken = database.proof if database else None
    found = look(url, catalog=bool(taken and taken.catalog) and not (database and database.missing))
    rows = sum(table.rows or 0 for table in found.tables.values())
    return Restored("", 0, len(found.tables), rows, proof.compare(taken, found) if taken else None)
