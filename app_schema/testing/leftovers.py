"""What dead runs left on a server: their databases, templates of other migrations with their spare copies, half-built ones.

A database is touched only if its name is of our pattern and nobody holds the lock that its maker would hold.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app_schema.testing import lock, spare, template

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

CLONE = "app_schema_test_"
OF_A_RUN = re.compile(rf"({CLONE}[0-9a-f]{{8}}_)\d+")
OF_A_KEY = re.compile(rf"(?:{template.TEMPLATE}|{template.BUILDING}|{spare.SPARE})([0-9a-f]{{16}})")
KEPT_UNTIL = "app_schema: kept until "
CANDIDATES = text(
    "SELECT datname, coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database"
    " WHERE datname LIKE 'app\\_schema\\_%' ORDER BY datname"
)


def remove(connection: Connection, *, own: str, templates: Collection[str], protect: Collection[str]) -> None:
    """Drop what no living run holds; at once nothing, when another run is at it.

    Args:
        connection: of the run that asks, whose own locks stop nobody on the same connection.
        own: how the names of its databases begin.
        templates: those that it uses, or may.
        protect: names that are never touched.
    """
    with lock.if_free(connection, "leftovers") as mine:
        for name, comment in connection.execute(CANDIDATES).all() if mine else []:
            holder = _holder(name)
            if holder is None or holder == own or holder in templates or name in protect or _is_kept(comment):
                continue
            # a database of another owner is his to drop
            with lock.if_free(connection, holder) as dead, suppress(ProgrammingError):
                if dead:
                    template.remove(connection, name)


def _holder(name: str) -> str | None:
    """Return the lock that the maker of this database holds while it lives."""
    if clone := OF_A_RUN.fullmatch(name):
        return clone[1]
    made = OF_A_KEY.fullmatch(name)
    return template.TEMPLATE + made[1] if made else None


def _is_kept(comment: str) -> bool:
    return comment.startswith(KEPT_UNTIL) and comment.removeprefix(KEPT_UNTIL) > datetime.now(UTC).isoformat()
