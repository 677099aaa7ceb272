"""Advisory locks that tell the living from the dead: the server drops them with the connection, however a run ends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

KEY = "hashtextextended('app_schema.testing:' || :name, 0)"


def share(connection: Connection, name: str) -> None:
    """Hold ``name`` together with others until the connection closes; wait for who has it alone."""
    connection.execute(text(f"SELECT pg_advisory_lock_shared({KEY})"), {"name": name})


def unshare(connection: Connection, name: str) -> None:
    """Give back one :func:`share`."""
    connection.execute(text(f"SELECT pg_advisory_unlock_shared({KEY})"), {"name": name})


@contextmanager
def alone(connection: Connection, name: str) -> Iterator[None]:
    """Hold ``name`` and nobody else; wait for all who share it."""
    connection.execute(text(f"SELECT pg_advisory_lock({KEY})"), {"name": name})
    try:
        yield
    finally:
        connection.execute(text(f"SELECT pg_advisory_unlock({KEY})"), {"name": name})


@contextmanager
def if_free(connection: Connection, name: str) -> Iterator[bool]:
    """Hold ``name`` if nobody does, else yield False at once."""
    taken = bool(connection.scalar(text(f"SELECT pg_try_advisory_lock({KEY})"), {"name": name}))
    try:
        yield taken
    finally:
        if taken:
            connection.execute(text(f"SELECT pg_advisory_unlock({KEY})"), {"name": name})
