"""Frozen SQL: one object and one statement a file, ``migrations/sql/<kind>/<name>.v<N>.sql``.

A revision runs a version of an object; a change is a new file and a new revision, so that what
was released stays as it was. The newest version of each object, with the models, is what the
database should be (see ``drift``). A version that begins with ``DROP`` retires the object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from alembic import op

from app_schema.assets import directory
from app_schema.engine import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import TextClause

LOCK_TIMEOUT = "5s"  # a statement that waits for a lock makes everyone behind it wait: give up, let them pass, try again
FILE_NAME = re.compile(r"(?P<name>\w+)\.v(?P<version>\d+)\.sql")
COMMENT = re.compile(r"^(?:\s|--[^\n]*\n)*")


class SqlObject(NamedTuple):
    """One version of one object: ``kind`` is its folder (functions, views, ...)."""

    kind: str
    name: str
    version: int
    path: Path

    @property
    def statement(self) -> TextClause:
        """The SQL, ready to execute."""
        return verbatim(COMMENT.sub("", self.path.read_text(encoding="utf-8"), count=1).rstrip().removesuffix(";"))


def run(name: str, version: int) -> None:
    """Execute one version of one object in a revision, for example ``run("functions/set_updated_at", 1)``."""
    op.execute(_find(name, version).statement)


def concurrently(*statements: str) -> None:
    """Execute statements such as ``CREATE INDEX CONCURRENTLY`` outside a transaction, waiting as long as they must.

    They wait for old snapshots and block nobody meanwhile, so ``lock_timeout`` does not apply. A build that
    fails leaves an invalid index: begin with ``DROP INDEX CONCURRENTLY IF EXISTS``.
    """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        for statement in statements:
            op.execute(verbatim(statement))
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def drop(name: str) -> None:
    """Drop a function, view or domain in a downgrade, for example ``drop("functions/set_updated_at")``."""
    kind, _, plain = name.partition("/")
    op.execute(f"DROP {kind.removesuffix('s').upper()} {plain}")


def newest(kind: str) -> Iterator[SqlObject]:
    """Yield the newest version of every object of a kind that is not retired, by name."""
    latest: dict[str, SqlObject] = {}
    for path in (directory("migrations") / "sql" / kind).glob("*.sql"):
        if (match := FILE_NAME.fullmatch(path.name)) is None:
            raise ValueError(f"{path} is not named <name>.v<N>.sql")
        found = SqlObject(kind, match["name"], int(match["version"]), path)
        if found.name not in latest or latest[found.name].version < found.version:
            latest[found.name] = found
    yield from (latest[name] for name in sorted(latest) if not latest[name].statement.text.startswith("DROP "))


def _find(name: str, version: int) -> SqlObject:
    kind, _, plain = name.partition("/")
    return SqlObject(kind, plain, version, directory("migrations") / "sql" / f"{name}.v{version}.sql")
