"""A copy of the template that a run leaves behind, so that the next one has its first database by a rename.

Copying is most of what stands between a run and its first test that is not Python's own start; the
copy is made while nobody waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.engine import verbatim
from app_schema.testing import lock

if TYPE_CHECKING:
    from sqlalchemy import Connection

SPARE = "app_schema_spare_"
IS_OURS = text("SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = :name")  # no row: there is none


def take(connection: Connection, key: str, name: str) -> bool:
    """Give the spare copy of the template of ``key`` this name; False when none of ours is there, or somebody is at it."""
    with lock.if_free(connection, SPARE + key) as mine:
        found = mine and bool(connection.scalar(IS_OURS, {"name": SPARE + key}))
        if found:
            connection.execute(verbatim(f"ALTER DATABASE {SPARE}{key} RENAME TO {name}"))
            connection.execute(verbatim(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"))
    return found


def leave(connection: Connection, key: str, template: str) -> None:
    """Make the spare copy unless there is one; the caller holds the template."""
    with lock.if_free(connection, SPARE + key) as mine:
        if mine and connection.scalar(IS_OURS, {"name": SPARE + key}) is None:
            connection.execute(verbatim(f"CREATE DATABASE {SPARE}{key} TEMPLATE {template} ALLOW_CONNECTIONS false"))
