"""``--table``: the lines of an archive's table of contents that bring back one table, with its indexes and keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app_schema.engine import quoted
from app_schema.errors import RestoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app_schema.backup.holding import Database, TableProof

NUMBERS = re.compile(r"\d+; \d+ \d+ ")
BY_TABLE = ("TABLE", "TABLE DATA", "TABLE ATTACH", "ROW SECURITY")
BY_TABLE_AND_NAME = ("DEFAULT", "CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT", "TRIGGER", "RULE", "POLICY")
BY_NAME = ("INDEX", "INDEX ATTACH", "SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET")
ABOUT = ("COMMENT", "ACL", "SECURITY LABEL")
ENDS = (("TABLE", " "), ("COLUMN", "."))
FOREIGN_KEY = "FK CONSTRAINT"
NOT_IN_A_DEFINITION = ("TABLE DATA", "CONSTRAINT", "TRIGGER", "RULE", "INDEX", "INDEX ATTACH")


def named(database: Database, table: str, schema: str) -> tuple[str, TableProof]:
    """Return a table of a backup by its name, with or without its schema.

    Raises:
        RestoreError: the backup does not hold it, or does not say what it holds.
    """
    tables = database.proof.tables if database.proof else {}
    for name in (table, f"{schema}.{table}"):
        if name in tables:
            return name, tables[name]
    raise RestoreError(f"the backup holds no table {table}; it has {', '.join(sorted(tables)) or 'no list of its tables'}")


def lines_of(listing: Sequence[str], name: str, table: TableProof) -> list[str]:
    """Return the lines that make the table, fill it, and give it its indexes, keys, triggers and grants; extended statistics come after."""
    schema = name.partition(".")[0]
    alone = [f"{kind} {schema} {each} " for each in table.dependents for kind in BY_NAME]
    named = [f"{kind} {schema} INDEX {spelt} " for each in table.dependents for spelt in _spelt(each) for kind in ABOUT]
    for each in (name, *table.partitions):
        schema, _, plain = each.partition(".")
        alone += [f"{kind} {schema} {plain} " for kind in BY_TABLE]
        named += [f"{kind} {schema} {plain} " for kind in BY_TABLE_AND_NAME]
        named += [f"{kind} {schema} {what} {spelt}{end}" for kind in ABOUT for spelt in _spelt(plain) for what, end in ENDS]
    return [line for line in listing if _is_wanted(NUMBERS.sub("", line, count=1), tuple(alone), tuple(named))]


def is_foreign_key(line: str) -> bool:
    """Whether a line is a foreign key, which needs the rows of another table."""
    return NUMBERS.sub("", line, count=1).startswith(f"{FOREIGN_KEY} ")


def is_data(line: str) -> bool:
    """Whether a line is rows of a table."""
    return NUMBERS.sub("", line, count=1).startswith("TABLE DATA ")


def names(database: Database) -> set[str]:
    """Return ``schema.table`` of all tables of a backup, partitions included."""
    tables = database.proof.tables if database.proof else {}
    return {*tables, *(partition for table in tables.values() for partition in table.partitions)}


def beyond_definition(line: str) -> bool:
    """Whether a line is left when all definitions are there already: rows, indexes, keys and triggers."""
    return any(NUMBERS.sub("", line, count=1).startswith(f"{kind} ") for kind in NOT_IN_A_DEFINITION)


def _is_wanted(line: str, alone: tuple[str, ...], named: tuple[str, ...]) -> bool:
    # Only the owner follows where the table's name ends the line: a table "a b" must not pass for a table "a".
    if line.startswith(named):
        return True
    return any(line.startswith(prefix) and " " not in line[len(prefix) :] for prefix in alone)


def _spelt(name: str) -> set[str]:
    # plain in the lines of the object itself, as SQL spells it in those that are about it
    return {name, quoted(name)}
