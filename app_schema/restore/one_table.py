"""``restore dump --table``: one table with its indexes and keys, back where it was or into a database of its own."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup import contents, proof
from app_schema.backup.holding import Proof
from app_schema.backup.steps import UNWATCHED
from app_schema.backup.taking import encrypted, major
from app_schema.engine import administer, connect_to, quoted, writable
from app_schema.errors import RestoreError
from app_schema.restore import archive, place, script, table, toc
from app_schema.restore.dependents import add_key, put_back
from app_schema.restore.dump import Restored
from app_schema.restore.filling import SUPERUSER, check, restore_lines
from app_schema.restore.replay import AS_DUMPED, Filled, Replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL

    from app_schema.backup.steps import Steps
    from app_schema.restore.source import Source
    from app_schema.restore.toc import Entry
    from app_schema.settings import Settings

THERE = text("SELECT to_regclass(:name) IS NOT NULL")
ONE_TRANSACTION = ("--single-transaction", "--exit-on-error")


def restore_table(settings: Settings, source: Source, target: URL, name: str, *, steps: Steps = UNWATCHED) -> Restored:
    """Restore one table of a backup.

    Into a database that is there, the table comes in one transaction; its foreign keys, and what depends on it and is missing
    or points at a table that was moved away, come after it, each in a transaction of its own. Into a new one, all definitions
    come, the rows, indexes and keys of this table, and no foreign key, since what it points at is empty.

    Raises:
        BackupDamaged: the file is not what was written; nothing was restored.
        RestoreError: the table is there already, or could not be restored; the database is as it was.
    """
    begun = time.monotonic()
    target = writable(target)
    if source.database is None:
        raise RestoreError(
            f"{source.name} is not in the catalogue, so nobody knows what belongs to a table: restore it whole with --to NAME"
        )
    qualified, facts = table.named(source.database, name, settings.schema_name)
    taken = Proof(tables={qualified: facts})
    with administer(target) as administrator:
        notes = check(administrator, settings, source)
        programs = source.programs(major(administrator), tls=encrypted(administrator))
        owner = () if administrator.scalar(SUPERUSER) else ("--no-owner",)
        there_already = place.exists(administrator, str(target.database))
    if there_already:
        _refuse_if_there(target, (qualified, *facts.partitions))
    with source.opened(settings, steps) as file:
        if not script.is_archive(file):
            raise RestoreError(f"{source.name} is a script, from which one table cannot be taken: restore it whole with --to NAME")
        steps.begin(f"restoring {qualified}")
        entries = toc.read(programs, file)
        lines = table.lines_of([entry.line for entry in entries], qualified, facts)
        paths = contents.search_paths(source.database, settings.schema_name)
        replay = Replay(programs, target, file, owner, (AS_DUMPED, *paths))
        if there_already:
            done = _put_back(replay, lines) + _keys(replay, entries, lines)
            steps.begin("restoring what depends on it")
            names = (qualified, *facts.partitions)
            done += put_back(replay, entries, lines, names=names, known=table.names(source.database))
            found = _look(target, taken, paths)
        else:
            with place.beside(target, source.database) as there:
                done = _alone(replace(replay, url=there.url), lines)
                found, done = _look(there.url, taken, paths), done + Filled(there.notes)
                there.become(str(target.database))
            done += Filled((f"every table is there and only {qualified} has rows; it has no foreign keys",))
    differences = proof.compare(taken, found) if facts.rows is not None else None
    notes += done.notes + proof.uncompared(taken, found)
    rows = sum(each.rows or 0 for each in found.tables.values())
    return Restored(str(target.database), time.monotonic() - begun, len(found.tables), rows, differences, notes, missing=done.missing)


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


def _put_back(replay: Replay, lines: list[str]) -> Filled:
    rest = [line for line in lines if not table.is_foreign_key(line)]
    errors, _ = archive.restore(replay.programs, replay.url, replay.archive, *replay.arguments, *ONE_TRANSACTION, lines=rest, jobs=1)
    if not errors:
        return Filled()
    path, refusal = replay.together(rest)
    if refusal:
        cure = "; rename or drop what has that name" if refusal.exists else ""
        raise RestoreError(f"the table could not be restored and {replay.url.database} is as it was: {errors[0]}{cure}")
    return Filled((f"restored with search_path = {path}, since it failed as pg_restore sets it: {errors[0]}",))


def _keys(replay: Replay, entries: list[Entry], lines: list[str]) -> Filled:
    # apart, for what a key points at may have gone since, and the rows are worth more than the key
    added = [add_key(replay, entry) for entry in entries if entry.line in lines and table.is_foreign_key(entry.line)]
    return Filled(missing=tuple(missing for _, missing in added if missing))


def _alone(replay: Replay, lines: list[str]) -> Filled:
    beyond = [line for line in lines if table.beyond_definition(line)]
    rows = [line for line in beyond if table.is_data(line)]
    rest = [line for line in beyond if line not in rows]
    return restore_lines(replay, "--section=pre-data") + restore_lines(replay, lines=rows) + restore_lines(replay, lines=rest)


def _look(url: URL, taken: Proof, search_paths: Sequence[str]) -> Proof:
    with connect_to(url) as connection, proof.standing_still(connection):
        tables = [each for each in contents.look(connection).tables if each.name in taken.tables]
        return proof.take(connection, tables, rows=True, catalog=False, search_paths=search_paths, like=taken)
