"""``restore dump``: a backup into a database of its own, compared with what was taken before it gets its name."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app_schema.backup import contents, proof
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.event import Acceptance
from app_schema.backup.steps import UNWATCHED
from app_schema.backup.taking import major
from app_schema.engine import administer, connect_to, quoted, writable
from app_schema.errors import RestoreDiffers, RestoreError
from app_schema.restore import place
from app_schema.restore.filling import check, fill
from app_schema.restore.replace import dated, swap

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import URL

    from app_schema.backup.holding import Proof
    from app_schema.backup.steps import Steps
    from app_schema.restore.place import Place
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
        accepted: definitions that differ from what was taken and were accepted, a line each; they are not in ``differences``.
        missing: what of the backup is not there.
    """

    database: str
    seconds: float
    tables: int
    rows: int
    differences: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    old: str | None = None
    accepted: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()


def restore(  # noqa: PLR0913 (an argument each option)
    settings: Settings, source: Source, target: URL, *, replace_it: bool = False, accept_definitions: bool = False, steps: Steps = UNWATCHED
) -> Restored:
    """Restore one database of a backup as the one that ``target`` names.

    It is made beside, under another name; whoever interrupts this, however, leaves ``target`` as it was.

    Args:
        settings: how to decrypt.
        source: the backup.
        target: the database to be.
        replace_it: whether it may be there; it keeps a dated name.
        accept_definitions: whether to go on when definitions differ from what was taken and no row does, and note that in the catalogue.
        steps: is told what is being done.

    Raises:
        BackupDamaged: the file is not what was written; nothing was restored.
        RestoreError: the database is there, or the server cannot take the dump; nothing is left behind.
        RestoreDiffers: what was restored is not what was taken, or not all of it, so that nothing was replaced. If no row
            differs, it is kept beside ``target``.
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
        if accept_definitions and source.entry and source.path.parent != source.folder.path:
            raise RestoreError(f"{source.path} is not in {source.folder.path}, whose catalogue keeps what was accepted: move it there")
        of_roles = check(administrator, settings, source)
    with source.opened(settings, steps) as file, place.beside(target, source.database) as there:
        steps.begin("restoring rows, indexes and keys")
        filled = fill(there, settings, source, file)
        notes = source.shortcomings + of_roles + there.notes + filled.notes
        steps.begin("comparing")
        done, differing = compared(settings, there, source)
        done = replace(done, database=name, notes=notes + done.notes, missing=filled.missing)
        changed = (*differing.values(), *(explained(there, source, differing, target if there_already else None) if differing else ()))
        of_definitions = (*map(str, filled.missing), *changed)
        if of_definitions and accept_definitions and not done.differences:
            _note(source, name, of_definitions)
            done = replace(done, accepted=of_definitions)
        elif there_already:
            _refuse_to_replace(there, name, done.differences, of_definitions)
        elif changed:
            done = replace(done, differences=(*(done.differences or ()), *changed))
        old = swap(there, name) if there_already else None
        if not there_already:
            there.become(name)
    return replace(done, old=old, seconds=time.monotonic() - begun)


def look(url: URL, *, catalog: bool, search_paths: Sequence[str] = (), like: Proof | None = None) -> Proof:
    """Take the proof of what was restored; arguments as for :func:`.proof.take`."""
    with connect_to(url) as connection, proof.standing_still(connection):
        tables = contents.look(connection).tables
        return proof.take(connection, tables, rows=True, catalog=catalog, search_paths=search_paths, like=like)


def compared(settings: Settings, there: Place, source: Source, *, catalog: bool = True) -> tuple[Restored, dict[tuple[str, str], str]]:
    """Compare the rows that were restored with what was taken; return how definitions differ, by schema and kind, beside that."""
    taken = source.database.proof if source.database else None
    whole = bool(source.database and not source.database.missing)
    paths = contents.search_paths(source.database, settings.schema_name)
    found = look(there.url, catalog=bool(catalog and whole and taken and taken.catalog), search_paths=paths, like=taken)
    rows = sum(table.rows or 0 for table in found.tables.values())
    if taken is None:
        return Restored("", 0, len(found.tables), rows, None), {}
    majors = source.server_major, major(there.administrator)
    of_catalog = proof.compare_definitions(taken, found, majors)
    notes = proof.uncompared(taken, found) + of_catalog.notes
    return Restored("", 0, len(found.tables), rows, proof.compare(taken, found), notes), of_catalog.differing


def explained(there: Place, source: Source, differing: Collection[tuple[str, str]], target: URL | None = None) -> tuple[str, ...]:
    """Say which definitions differ from those of ``target``, else of the database that was backed up if this server has it."""
    if target is None and source.database and place.exists(there.administrator, source.database.name):
        target = there.url.set(database=source.database.name)
    if target is None:
        return ()
    from app_schema.restore import definitions  # noqa: PLC0415 (Alembic comes with it)

    taken = source.database.proof if source.database else None
    return definitions.explain(there.url, target, differing, owners_apart=taken is None or taken.fingerprint > 1)


def _note(source: Source, name: str, lines: tuple[str, ...]) -> None:
    assert source.entry is not None  # noqa: S101 (something was compared)
    accepted = Acceptance(at=datetime.now(UTC), database=name, differences=lines)
    Catalogue(source.folder).amend(source.entry.id, lambda now: now.model_copy(update={"accepted": (*now.accepted, accepted)}))


def _refuse_to_replace(there: Place, name: str, of_rows: tuple[str, ...] | None, of_definitions: tuple[str, ...]) -> None:
    if of_rows:
        wrong = "; ".join((*of_rows, *of_definitions))
        raise RestoreDiffers(f"database {name} was not replaced, for the backup restored otherwise: {wrong}")
    if of_definitions:
        raise RestoreDiffers(_kept(there, name, of_definitions))


def _kept(there: Place, name: str, lines: tuple[str, ...]) -> str:
    """Keep what was restored beside ``name``, and return what to say of it."""
    kept = dated(there.administrator, name, "restored")
    there.become(kept)
    return (
        f"database {name} was not replaced: rows do not differ from what was taken, and definitions do: {'; '.join(lines)};"
        f" what was restored is kept as database {kept}: look at it, then either give the same command with --accept-definitions"
        f" or keep {name}, and drop the restored one with: DROP DATABASE {quoted(kept)}"
    )
