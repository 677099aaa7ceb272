"""Compare a database with what models and migrations declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema import objects
from app_schema.drift import twins
from app_schema.drift.catalog import Catalog, Key, snapshot, with_months
from app_schema.drift.declared import build, undone
from app_schema.drift.difference import Change, Difference
from app_schema.errors import DriftFound

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

SHOWN = 10


# In `public` of somebody else this user cannot grant, and everybody may use the schema anyway.
USED_BY_ALL = text("""
    SELECT has_schema_privilege('public', n.oid, 'USAGE') AND NOT pg_has_role(n.nspowner, 'USAGE')
    FROM pg_namespace n WHERE n.nspname = :schema
""")

GRANTED = text("SELECT NOT EXISTS (SELECT unnest(CAST(:roles AS text[])) EXCEPT SELECT rolname FROM pg_roles)")


def differences(connection: Connection, metadata: MetaData, schema: str) -> list[Difference]:
    """Return how ``schema`` differs from ``metadata`` and the newest frozen SQL; nothing is left behind.

    Not compared: rows, the values of sequences, the order of columns, extensions and what belongs to them,
    ``alembic_version``, the months that partition maintenance makes as long as each is like its default
    partition, and the names of the schema and of its owner.

    Args:
        connection: of a user who may create a schema in the database.
        metadata: the tables.
        schema: the schema to look at.

    Raises:
        ServerUnsuitable: the user may not create the throwaway schema.
    """
    roles = [role.name for role in objects.newest("roles")]
    with undone(connection):
        used_by_all = connection.scalar(USED_BY_ALL, {"schema": schema})
        found = snapshot(connection, schema, roles)
    granted = {key.name for key in found if key.kind == "role"}.issuperset(roles)
    declared = _made(connection, metadata, granted=granted)
    # A default privilege of every schema reaches into the throwaway one, yet nothing here declares any.
    declared = {key: definition for key, definition in declared.items() if key.kind != "default privileges"}
    declared |= {Key("role", None, role): "" for role in roles}
    if used_by_all:
        declared = {key: definition for key, definition in declared.items() if key.kind != "grant" or not key.name.startswith("schema to ")}
    compared = _compared(found, with_months(declared, found))
    # Without a role its grants cannot be declared: it is missing, and that is enough for now.
    return [each for each in compared if granted or each.kind != "grant"]


def check(connection: Connection, metadata: MetaData, schema: str) -> None:
    """Compare as :func:`differences` does.

    Raises:
        DriftFound: something differs; the message has a line a difference, ten at most, and the cure.
        ServerUnsuitable: the user may not create the throwaway schema, or two of them that are made alike differ on this server.
    """
    if not (found := differences(connection, metadata, schema)):
        return
    check_server(connection, metadata, schema)
    lines = [f"schema {schema} is not what the models and migrations declare ({len(found)} difference{'s' * (len(found) > 1)}):"]
    lines += [f"  {difference}" for difference in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"  … and {len(found) - SHOWN} more")
    lines.append("undo what was done by hand, or write it down: alembic revision --autogenerate, then app-schema db upgrade")
    raise DriftFound("\n".join(lines))


def _made(connection: Connection, metadata: MetaData, *, granted: bool) -> Catalog:
    with undone(connection):
        return snapshot(connection, build(connection, metadata, granted=granted), ())


def check_server(connection: Connection, metadata: MetaData, schema: str) -> None:
    """Make what is declared twice and compare the two; ask this before somebody is blamed for a difference in ``schema``.

    Raises:
        ServerUnsuitable: the two differ, so that a difference on this server says nothing.
    """
    with undone(connection):
        granted = bool(connection.scalar(GRANTED, {"roles": [role.name for role in objects.newest("roles")]}))
        server = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    one, other = (_made(connection, metadata, granted=granted) for _ in range(2))
    twins.check(one, other, server, schema)


def _compared(found: Catalog, declared: Catalog) -> list[Difference]:
    all_keys = sorted(found.keys() | declared.keys(), key=lambda key: (key.kind, key.name))
    return [_difference(key, found.get(key), declared.get(key)) for key in all_keys if found.get(key) != declared.get(key)]


def _difference(key: Key, found: str | None, declared: str | None) -> Difference:
    change: Change = "missing" if found is None else "unexpected" if declared is None else "changed"
    return Difference(change, key.kind, key.name, found, declared)
