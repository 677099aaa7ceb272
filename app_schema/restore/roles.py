"""Roles that a snapshot has and a new server lacks: made as they were, passwords included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from app_schema.backup.snapshot import ROLES
from app_schema.engine import quoted, verbatim
from app_schema.restore.place import together

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app_schema.restore.source import Source
    from app_schema.settings import Settings


def make(administrator: Connection, settings: Settings, source: Source, missing: set[str]) -> set[str]:
    """Make the roles that are ``missing`` and in the snapshot, if this user may; return which were made.

    Raises:
        BackupDamaged: the file with the roles is not what was written.
        EncryptionError: the key is missing or another one.
    """
    part = next((part for part in source.entry.parts if part.database is None and ROLES in part.file), None) if source.entry else None
    if part is None:
        return set()
    with replace(source, path=source.path.with_name(part.file), part=part).opened(settings) as file:
        lines = file.read_text(encoding="utf-8").splitlines()
    made = {role for role in missing if any(line in (f"CREATE ROLE {spelt};" for spelt in _spelt(role)) for line in lines)}
    statements = [line for line in lines if any(line.startswith(_beginnings(role)) for role in made)]
    try:
        with together(administrator):
            for statement in statements:
                administrator.execute(verbatim(statement))
    except DBAPIError:  # no superuser: the caller names what to create
        return set()
    return made


def _beginnings(role: str) -> tuple[str, ...]:
    return tuple(f"{verb} ROLE {spelt}{end}" for spelt in _spelt(role) for verb, end in (("CREATE", ";"), ("ALTER", " WITH ")))


def _spelt(role: str) -> tuple[str, str]:
    return role, quoted(role)
