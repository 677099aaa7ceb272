"""Which definitions of a restored database differ from those of another one, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.drift.catalog import OWNER, Catalog, Key, snapshot, with_owners_apart
from app_schema.drift.difference import Difference
from app_schema.engine import connect_to
from app_schema.errors import ServerUnreachable

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import URL

SHOWN = 10  # of one kind in one schema


def explain(restored: URL, other: URL, wanted: Collection[tuple[str, str]], *, owners_apart: bool) -> tuple[str, ...]:
    """Compare two databases by name, as they are now, and return how the restored one differs from the other, a line each.

    Args:
        restored: the database that was restored.
        other: usually the one that was backed up; it may have changed since.
        wanted: schemas and kinds of object to compare.
        owners_apart: whether owners are a kind of their own in ``wanted``, as in fingerprints of version 2.
    """
    if not wanted:
        return ()
    schemas = {schema for schema, _ in wanted}
    try:
        here, there = _read(restored, schemas, owners_apart=owners_apart), _read(other, schemas, owners_apart=owners_apart)
    except ServerUnreachable as error:
        return (f"database {other.database} cannot be read, which would tell more: {error}",)
    return tuple(line for schema, kind in wanted if kind for line in _kind(schema, kind, here[schema], there[schema], str(other.database)))


def _read(url: URL, schemas: Collection[str], *, owners_apart: bool) -> dict[str, Catalog]:
    found = {}
    with connect_to(url) as connection:
        for schema in schemas:
            savepoint = connection.begin_nested()
            catalog = snapshot(connection, schema, ())
            found[schema] = with_owners_apart(catalog) if owners_apart else catalog
            savepoint.rollback()
        connection.rollback()
    return found


def _kind(schema: str, kind: str, here: Catalog, there: Catalog, other: str) -> list[str]:
    differing = [key for key in here.keys() | there.keys() if key.kind == kind and here.get(key) != there.get(key)]
    keys = sorted(differing, key=lambda key: key.name)
    if not keys:
        return [f"schema {schema}: every {kind} is as in {other} now"]
    lines = [f"schema {schema}: {_difference(key, here.get(key), there.get(key), other)}" for key in keys[:SHOWN]]
    return [*lines, *([f"schema {schema}: … and {len(keys) - SHOWN} more of kind {kind}"] if len(keys) > SHOWN else [])]


def _difference(key: Key, here: str | None, there: str | None, other: str) -> str:
    what = f"{key.kind} {key.name}"
    if key.kind == OWNER:
        return f"the {what} is {_owner(here)}, and {_owner(there)} in {other}"
    if here is None:
        return f"{what} is in {other} now and was not restored"
    if there is None:
        return f"{what} was restored and is not in {other} now"
    how = str(Difference("changed", key.kind, key.name, here, there)).removeprefix(f"changed {what}: ")
    return f"{what} is not as in {other} now: {how}"


def _owner(line: str | None) -> str:
    return f"role {line.removeprefix(OWNER).strip()}" if line else "the one of most of the schema"
