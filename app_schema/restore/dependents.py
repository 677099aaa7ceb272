"""What depends on a table that came back: foreign keys to it, views and functions over it, policies, rules, grants, publications.

``DROP TABLE … CASCADE`` takes them along; when a table is moved away they follow it. The archive's table of contents says
what depends on what. An object that is missing is made as it was in the backup. One that points at a table that stands where
this one stood before is pointed at the new one. One that was redefined in the meantime is left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from app_schema.engine import connect_to, quoted
from app_schema.restore.privileges import settle
from app_schema.restore.replay import FOREIGN_KEY_VIOLATION, Filled, Missing
from app_schema.restore.standing import former, is_there, standing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import Connection, Row

    from app_schema.restore.replay import Replay
    from app_schema.restore.toc import Entry

IDENTIFIER = r'(?:"(?:[^"]|"")+"|[^\s".,;()]+)'
NAME = rf"({IDENTIFIER}\.{IDENTIFIER})"
RELATION = re.compile(rf"CREATE (?:UNLOGGED |FOREIGN |MATERIALIZED )*(?:TABLE|VIEW) {NAME}")
ROUTINE = re.compile(rf"CREATE (FUNCTION|PROCEDURE) {NAME}\(")
CONSTRAINT = re.compile(rf"ALTER TABLE (?:ONLY )?{NAME}\s+ADD CONSTRAINT ({IDENTIFIER}) ")
POLICY = re.compile(rf"CREATE POLICY ({IDENTIFIER}) ON {NAME}")
RULE = re.compile(rf"CREATE (?:OR REPLACE )?RULE ({IDENTIFIER}) AS\s+ON \w+ TO {NAME}")
STATISTICS = re.compile(rf"CREATE STATISTICS {NAME}")
CREATE = re.compile(r"^CREATE (?=VIEW |RULE |FUNCTION |PROCEDURE )", re.MULTILINE)
END_OF_KEY = re.compile(r"(ADD CONSTRAINT [^;]*);")
INCLUDED = ("ACL", "COMMENT", "SECURITY LABEL", "INDEX", "INDEX ATTACH", "CONSTRAINT", "STATISTICS", "DEFAULT", "MATERIALIZED VIEW DATA")
ROWS = ("TABLE DATA", "SEQUENCE SET", "STATISTICS DATA")


def put_back(replay: Replay, entries: Sequence[Entry], own: Collection[str], *, names: Sequence[str], known: Collection[str]) -> Filled:
    """Put back what depends on a table that has just been restored, each in a transaction of its own.

    Args:
        replay: of the archive into the table's database.
        entries: the archive's table of contents.
        own: the lines of the table of contents that came with the table.
        names: ``schema.table`` of the table, and of its partitions.
        known: likewise of all tables of the backup.

    Returns:
        What was put back, as notes, and what could not be.

    Raises:
        RestoreError: the server is in trouble, such as a full disk.
    """
    with connect_to(replay.url, isolation_level="AUTOCOMMIT") as connection:
        tables = {entry.number: ".".join(entry.label.split(" ")[1:]) for entry in entries if entry.kind == "TABLE"}
        work = _Work(replay, connection, names[0], former(connection, names, known), tables)
        work.own = {entry.number for entry in entries if entry.line in own}
        work.made = set(work.own)
        for entry in entries:
            if entry.number not in work.own and entry.kind not in ROWS:
                work.look(entry)
        relations = [".".join(map(quoted, name.split(".", 1))) for name in names] + work.relations
        settle(replay, connection, relations, [entry for entry in entries if entry.kind == "ACL" and entry.number in work.made])
    notes = (f"put back as in the backup: {', '.join(work.done)}",) if work.done else ()
    return Filled(notes + tuple(work.notes), tuple(work.missing))


class _Work:
    """Goes through the entries in their order: what an entry depends on has been looked at before it."""

    def __init__(self, replay: Replay, connection: Connection, table: str, former: Sequence[Row[Any]], tables: dict[int, str]) -> None:
        self.replay = replay
        self.connection = connection
        self.table = table
        self.former = former
        self.tables = tables  # of the archive
        self.own: set[int] = set()
        self.made: set[int] = set()  # the table's own and what was missing
        self.there: set[int] = set()
        self.lost: set[int] = set()
        self.lost_tables: set[int] = set()
        self.relations: list[str] = []  # that were made, as SQL names them
        self.done: list[str] = []
        self.notes: list[str] = []
        self.missing: list[Missing] = []

    def look(self, entry: Entry) -> None:
        """Decide on one entry and act."""
        if not entry.depends & (self.made | self.there | self.lost | self.lost_tables):
            return
        direct = bool(entry.depends & self.own)
        if entry.kind == "TABLE":
            self._table(entry, direct=direct)
        elif entry.kind in INCLUDED or (entry.kind == "TRIGGER" and not direct):
            self._included(entry, direct=direct)
        elif entry.kind in {"VIEW", "MATERIALIZED VIEW"}:
            self._relation(entry)
        elif entry.kind == "FK CONSTRAINT":
            self._foreign_key(entry)
        elif entry.kind in {"FUNCTION", "PROCEDURE"}:
            self._routine(entry)
        elif entry.kind in {"POLICY", "RULE"}:
            self._part(entry)
        else:
            self._other(entry, direct=direct)

    def _table(self, entry: Entry, *, direct: bool) -> None:
        # a table that inherits from it, has a column of its type, or takes defaults from its sequence
        statement = self.replay.statement(entry)
        match = RELATION.search(statement)
        if match and is_there(self.connection, match[1]):
            self.there.add(entry.number)
            if direct:
                why = f"it is there, and its columns, defaults or inheritance that pointed at {self.table} may not be as here"
                self.missing.append(Missing(entry.label, why, statement))
        else:
            self.lost_tables.add(entry.number)
            name = match[1] if match else entry.label
            self.missing.append(Missing(entry.label, f"it is not there either; restore it with --table {name}", statement))

    def _included(self, entry: Entry, *, direct: bool) -> None:
        # it belongs to something: what is there has kept it, what is missing is missing with it
        if entry.kind == "DEFAULT" and direct:  # the same whether it was taken along or not
            self._run(entry)
        elif entry.depends & self.lost_tables:  # it comes with that table
            self.lost_tables.add(entry.number)
        elif entry.depends & self.lost:
            self._lose(entry, "what it belongs to is missing")
        elif entry.depends & self.there:
            self.there.add(entry.number)
        elif entry.kind == "STATISTICS":
            self._statistics(entry)
        else:
            self._run(entry)

    def _statistics(self, entry: Entry) -> None:
        # ALTER TABLE … SET SCHEMA leaves them in their schema, under their name
        match = STATISTICS.search(self.replay.statement(entry))
        name = match[1] if match else ""
        found = self._standing(entry, "STATISTICS", name)
        self._run(entry, before=f"DROP STATISTICS {name};" if found and found[0].former else "", new=True)

    def _relation(self, entry: Entry) -> None:
        match = RELATION.search(self.replay.statement(entry))
        name = match[1] if match else ""
        found = self._standing(entry, "VIEW", name)
        if not found:
            self._run(entry)
        elif not found[0].former:
            self._leave(entry)
        elif entry.kind == "VIEW":
            self._run(entry, change=_or_replace)
        else:
            self._run(entry, before=f"DROP MATERIALIZED VIEW {name};", new=True)
        if entry.number in self.made:
            self.relations.append(name)

    def _foreign_key(self, entry: Entry) -> None:
        match = CONSTRAINT.search(self.replay.statement(entry))
        table, name = (match[1], match[2]) if match else ("", "")
        found = self._standing(entry, "FK CONSTRAINT", table, name)
        if found and not found[0].former:
            self._leave(entry)
        else:
            added, missing = add_key(self.replay, entry, before=f"ALTER TABLE {table} DROP CONSTRAINT {name};" if found else "")
            if added:
                self._note(entry, new=True)
            else:
                self.lost.add(entry.number)
            if missing:
                self.missing.append(missing)

    def _routine(self, entry: Entry) -> None:
        match = ROUTINE.search(self.replay.statement(entry))
        kind, name = (match[1], match[2]) if match else ("", "")
        former = [each.name for each in self._standing(entry, "FUNCTION", name) if each.former]
        if not former:
            self._run(entry)
        elif self.replay.run(entry, change=_or_replace) is None and not any(
            each.former for each in self._standing(entry, "FUNCTION", name) if each.name in former
        ):
            self._note(entry, new=False)
        else:  # another type of arguments or result
            self._run(entry, before="".join(f"DROP {kind} {each};" for each in former), change=_or_replace)

    def _part(self, entry: Entry) -> None:
        pattern = POLICY if entry.kind == "POLICY" else RULE
        match = pattern.search(self.replay.statement(entry))
        name, table = (match[1], match[2]) if match else ("", "")
        found = self._standing(entry, entry.kind, table, name)
        if found and not found[0].former:
            self._leave(entry)
        else:
            self._run(entry, before=f"DROP {entry.kind} {name} ON {table};" if found else "")

    def _other(self, entry: Entry, *, direct: bool) -> None:
        refusal = self.replay.run(entry)
        if refusal is None:
            self._note(entry, new=True)
        elif refusal.exists:
            self.there.add(entry.number)
            if direct and entry.kind != "PUBLICATION TABLE":
                self.missing.append(self.replay.missing(entry, f"it is there, and may not point at this {self.table}"))
        else:
            self._lose(entry, refusal.reason)

    def _run(self, entry: Entry, *, before: str = "", change: Callable[[str], str] | None = None, new: bool | None = None) -> None:
        refusal = self.replay.run(entry, before=before, change=change)
        if refusal is None:
            self._note(entry, new=(not before and change is None) if new is None else new)
        elif not refusal.exists or entry.kind in {"VIEW", "MATERIALIZED VIEW"}:  # a relation of another kind has the name
            self._lose(entry, refusal.reason, before=before)
        else:
            self._leave(entry)

    def _note(self, entry: Entry, *, new: bool) -> None:
        (self.made if new else self.there).add(entry.number)
        self.done.append(entry.label)

    def _leave(self, entry: Entry) -> None:
        self.there.add(entry.number)
        if entry.depends & self.own and entry.kind not in INCLUDED:
            self.notes.append(f"left as it is, since it was redefined after the backup: {entry.label}")

    def _lose(self, entry: Entry, reason: str, *, before: str = "") -> None:
        self.lost.add(entry.number)
        self.missing.append(self.replay.missing(entry, reason, before=before))

    def _standing(self, entry: Entry, kind: str, name: str, part: str = "") -> Sequence[Row[Any]]:
        others = {self.tables[number] for number in entry.depends if number in self.tables}
        tables = [table for table in self.former if table.name not in others]  # not one that it pointed at besides
        return standing(self.connection, kind, name, part, tables)


def add_key(replay: Replay, entry: Entry, *, before: str = "") -> tuple[bool, Missing | None]:
    """Add a foreign key; when rows that are there violate it, add it for new rows only.

    Returns:
        Whether it is there, and what of it is missing.

    Raises:
        RestoreError: the server is in trouble.
    """
    refusal = replay.run(entry, before=before)
    if refusal is None or refusal.exists:
        return True, None
    if refusal.sqlstate == FOREIGN_KEY_VIOLATION and replay.run(entry, before=before, change=_not_valid) is None:
        match = CONSTRAINT.search(replay.statement(entry))
        assert match is not None  # noqa: S101 (every foreign key is written like this)
        why = f"it holds for new rows only, since rows that are there violate it ({refusal.reason}); mend them, then run this"
        return True, Missing(entry.label, why, f"ALTER TABLE {match[1]} VALIDATE CONSTRAINT {match[2]};")
    return False, replay.missing(entry, refusal.reason, before=before)


def _or_replace(script: str) -> str:
    return CREATE.sub("CREATE OR REPLACE ", script, count=1)


def _not_valid(script: str) -> str:
    return END_OF_KEY.sub(r"\1 NOT VALID;", script, count=1)
