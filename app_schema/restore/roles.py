"""Roles that a snapshot has and a new server lacks: made as they were, passwords included, without what would make them superusers.

A snapshot is a file that others may have written. Its roles are therefore read, not run: each line must be one that
``pg_dumpall`` writes, and the statement that runs is made from the parts of it that are known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import DBAPIError

from app_schema.backup.snapshot import ROLES
from app_schema.engine import literal, quoted, verbatim
from app_schema.errors import BackupDamaged
from app_schema.restore.place import together

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from app_schema.restore.source import Source
    from app_schema.settings import Settings

GIVEN = ("INHERIT", "CREATEDB", "LOGIN")
# a role with one of these is, or can make itself, more than the roles of an application are
WITHHELD = ("SUPERUSER", "CREATEROLE", "REPLICATION", "BYPASSRLS")
ATTRIBUTES = re.compile(rf" (NO|)({'|'.join(GIVEN + WITHHELD)})\b")
HASH = r"SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+|md5[0-9a-f]{32}"
REST = re.compile(
    rf"(?P<attributes>(?:{ATTRIBUTES.pattern})*)(?: CONNECTION LIMIT (?P<limit>-?[0-9]{{1,10}}))?(?: PASSWORD '(?P<password>{HASH})')?"
    r"(?: VALID UNTIL '(?P<until>[0-9A-Za-z:.+ -]+)')?;"
)


class Made(NamedTuple):
    """The roles that were made, and what of them was not, a line each."""

    names: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def make(administrator: Connection, settings: Settings, source: Source, missing: set[str]) -> Made:
    """Make the roles that are ``missing`` and in the snapshot, if this user may.

    Raises:
        BackupDamaged: the file with the roles is not what was written, or holds another line than ``pg_dumpall`` writes.
        EncryptionError: the key is missing or another one.
    """
    part = next((part for part in source.entry.parts if part.database is None and ROLES in part.file), None) if source.entry else None
    if part is None:
        return Made()
    with replace(source, path=source.path.with_name(part.file), part=part).opened(settings) as file:
        lines = _lines(file)
    made = {role for role in missing if any(f"CREATE ROLE {spelt};" in lines for spelt in _spelt(role))}
    statements, notes = [], []
    for role in sorted(made):
        statements.append(f"CREATE ROLE {quoted(role)}")
        for rest in (line.removeprefix(start) for line in lines for start in _alterations(role) if line.startswith(start)):
            options, withheld = _options(part.file, role, rest)
            statements.append(f"ALTER ROLE {quoted(role)} WITH{options}")
            if withheld:
                notes.append(f"role {role} was made without {', '.join(withheld)}: ALTER ROLE {quoted(role)} {' '.join(withheld)}")
    try:
        with together(administrator):
            for statement in statements:
                administrator.execute(verbatim(statement))
    except DBAPIError:  # no superuser: the caller names what to create
        return Made()
    return Made(frozenset(made), tuple(notes))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise BackupDamaged(f"{file.name} is no text of pg_dumpall; nothing was restored") from None


def _options(file: str, role: str, rest: str) -> tuple[str, list[str]]:
    """Return the options of a role for ALTER ROLE, and those that it is not given."""
    match = REST.fullmatch(rest)
    if match is None:
        raise BackupDamaged(f"{file} describes role {role!r} otherwise than pg_dumpall does; nothing was restored; use another backup")
    attributes = ATTRIBUTES.findall(match["attributes"])
    options = [f" {no}{name}" for no, name in attributes if name in GIVEN]
    options += [f" CONNECTION LIMIT {int(match['limit'])}"] if match["limit"] else []
    options += [f" PASSWORD {literal(match['password'])}"] if match["password"] else []
    options += [f" VALID UNTIL {literal(match['until'])}"] if match["until"] else []
    return "".join(options), [name for no, name in attributes if name in WITHHELD and not no]


def _alterations(role: str) -> tuple[str, ...]:
    return tuple(f"ALTER ROLE {spelt} WITH" for spelt in _spelt(role))


def _spelt(role: str) -> tuple[str, str]:
    return role, quoted(role)
