"""``restore dump --table``: one table with its indexes and keys, back where it was or into a database of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup import contents, proof
from app_schema.backup.entry import Proof
from app_schema.backup.steps import UNWATCHED
from app_schema.engine import administer, connect_to, quoted
from app_schema.errors import RestoreError
from app_schema.restore import archive, place, script, table
from app_schema.restore.dump import Restored
from app_schema.restore.filling import SUPERUSER, check, programs_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import URL

    from app_schema.backup.programs import Programs
    from app_schema.backup.steps import Steps
    from app_schema.restore.source import Source
    from app_schema.settings import Settings

THERE = text("SELECT to_regclass(:name) IS NOT NULL")
ONE_TRANSACTION = ("--single-transaction", "--exit-on-error")


def restore_table(settings: Settings, source: Source, target: URL, name: str, *, steps: Steps = UNWATCHED) -> Restored:
    """Restore one table of a backup.

    Into a database that is there, the table comes in one transaction, its foreign keys after it. Into a new one,
    all definitions come, the rows, indexes and keys of this table, and no foreign key, since what it points at is empty.

    Raises:
        BackupDamaged: the file is not what was written; nothing was restored.
        RestoreError: the table is there already, or could not be restored; the database is as it was.
    """
    begun = time.monotonic()
    if source.database is None:
        raise RestoreError(
            f"{source.name} is not in the catalogue, so nobody knows what belongs to a table: restore it whole with --to NAME"
        )
    qualified, facts = table.named(source.database, name, settings.schema_name)
    with administer(target) as administrator:
        check(administrator, settings, source)
        programs = programs_for(source, administrator)
        owner = () if administrator.scalar(SUPERUSER) else ("--no-owner",)
        there_already = place.exists(administrator, str(target.database))
    if there_already:
        _refuse_if_there(target, (qualified, *facts.partitions))
    with source.opened(settings, steps) as file:
        if not script.is_archive(file):
            raise RestoreError(f"{source.name} is a script, from which one table cannot be taken: restore it whole with --to NAME")
        steps.begin(f"restoring {qualified}")
        lines = table.lines_of(archive.listing(programs, file), qualified, facts)
        if there_already:
            notes = _put_back(programs, target, file, lines, owner)
            found = _look(target, qualified)
        else:
            with place.beside(target, source.database) as there:
                _alone(programs, there.url, file, lines, owner)
                found, notes = _look(there.url, qualified), there.notes
                there.become(str(target.database))
            notes += (f"every table is there and only {qualified} has rows; it has no foreign keys",)
    differences = proof.compare(Proof(tables={qualified: facts}), found) if facts.rows is not None else None
    rows = sum(each.rows or 0 for each in found.tables.values())
    return Restored(str(target.database), time.monotonic() - begun, len(found.tables), rows, differences, notes)


def _refuse_if_there(target: URL, names: Sequence[str]) -> None:
    relations = [f"{quoted(schema)}.{quoted(plain)}" for schema, _, plain in (name.partition(".") for name in names)]
    with connect_to(target) as connection:
        there = [relation for relation in relations if connection.scalar(THERE, {"name": relation})]
    if there:
        away = "; ".join(f"ALTER TABLE {relation} SET SCHEMA moved_away" for relation in there)
        raise RestoreError(
            f"table {names[0]} exists in {target.database}: restore it beside with --to NAME, or move it away first, indexes and all:"
            f" CREATE SCHEMA moved_away; {away}"
        )


def _put_back(programs: Programs, target: URL, file: Path, lines: list[str], owner: tuple[str, ...]) -> tuple[str, ...]:
    keys = [line for line in lines if table.is_foreign_key(line)]
    rest = [line for line in lines if line not in keys]
    if errors := archive.restore(programs, target, file, *owner, *ONE_TRANSACTION, lines=rest, jobs=1):
        raise RestoreError(f"the table could not be restored and {target.database} is as it was: {errors[0]}")
    # apart, for what a key points at may have gone since, and the rows are worth more than the key
    return tuple(
        f"a foreign key was not restored: {error}" for error in archive.restore(programs, target, file, *owner, lines=keys, jobs=1)
    )


def _alone(programs: Programs, url: URL, file: Path, lines: list[str], owner: tuple[str, ...]) -> None:
    beyond = [line for line in lines if table.beyond_definition(line)]
    errors = archive.restore(programs, url, file, *owner, "--section=pre-data")
    errors += archive.restore(programs, url, file, *owner, lines=beyond)
    if errors:
        raise RestoreError(f"{len(errors)} objects could not be restored, the first: {errors[0]}; nothing was left behind")


def _look(url: URL, qualified: str) -> Proof:
    with connect_to(url) as connection, proof.standing_still(connection):
        tables = [each for each in contents.look(connection).tables if each.name == qualified]
        return proof.take(connection, tables, rows=True, catalog=False)
