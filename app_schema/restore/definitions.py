"""Which definitions of a restored database differ from those of another one, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.drift.catalog import Catalog, snapshot
from app_schema.drift.difference import Difference
from app_schema.engine import connect_to
from app_schema.errors import ServerUnreachable

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import URL

    from app_schema.drift.difference import Change

SHOWN = 10  # of one kind in one schema


def explain(restored: URL, other: URL, wanted: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Compare two databases by name, as they are now, and return how the restored one differs from the other, a line each.

    Args:
        restored: the database that was restored.
        other: usually the one that was backed up; it may have changed since.
        wanted: schemas and kinds of object to compare.
    """
    if not wanted:
        return ()
    schemas = {schema for schema, _ in wanted}
    try:
        here, there = _read(restored, schemas), _read(other, schemas)
    except ServerUnreachable as error:
        return (f"database {other.database} cannot be read, which would tell more: {error}",)
    lines = [line for schema, kind in wanted if kind for line in _kind(schema, kind, here[schema], there[schema], str(other.database))]
    return (f"compared with database {other.database} as it is now:", *lines) if lines else ()


def _read(url: URL, schemas: Collection[str]) -> dict[str, Catalog]:
    found = {}
    with connect_to(url) as connection:
        for schema in schemas:
            savepoint = connection.begin_nested()
            found[schema] = snapshot(connection, schema, ())
            savepoint.rollback()
        connection.rollback()
    return found


def _kind(schema: str, kind: str, here: Catalog, there: Catalog, other: str) -> list[str]:
    keys = sorted(key for key in here.keys() | there.keys() if key.kind == kind and here.get(key) != there.get(key))
    if not keys:
        return [f"schema {schema}: every {kind} is as in {other}"]
    lines = []
    for key in keys[:SHOWN]:
        change: Change = "missing" if key not in here else "unexpected" if key not in there else "changed"
        lines.append(f"schema {schema}: {Difference(change, kind, key.name, here.get(key), there.get(key))}")
    return [*lines, *([f"schema {schema}: … and {len(keys) - SHOWN} more of kind {kind}"] if len(keys) > SHOWN else [])]
