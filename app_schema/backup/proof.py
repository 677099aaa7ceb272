"""Proof: counts, order-free hashes of rows and the catalog's fingerprint, equal before a dump and after its restore."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup.entry import Proof, TableProof
from app_schema.engine import verbatim

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

    from app_schema.backup.contents import Table

# A row is hashed as text: whatever decides how a value prints is the same on both sides, and nothing cuts a long look short.
PRINTING = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmloption": "content",
    "lc_monetary": "C",
    "search_path": "pg_catalog",
    "row_security": "off",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "transaction_timeout": "0",
}
HASH = 'SELECT count(*), sum(hashtextextended(("a row".*)::text, 0)::numeric)::text FROM {} AS "a row"'
SET = text("SELECT set_config(name, :value, true) FROM pg_settings WHERE name = :name")  # a setting that this version has
SCHEMAS = text("""
    SELECT nspname FROM pg_namespace n
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
    ORDER BY nspname
""")


@contextmanager
def standing_still(connection: Connection) -> Iterator[str]:
    """Open a read-only transaction in which nothing moves; yield the name of its snapshot, for pg_dump and others to share."""
    connection.rollback()
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    for name, value in PRINTING.items():
        connection.execute(SET, {"name": name, "value": value})
    try:
        yield connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
    except BaseException:
        connection.invalidate()  # it may be dead, or in the middle of a statement; there is nothing in it to save
        raise
    connection.rollback()


def take(connection: Connection, tables: Collection[Table], *, rows: bool, catalog: bool) -> Proof:
    """Count and hash the rows of ``tables``, and fingerprint every schema, if asked; call it :func:`standing_still`."""
    found = {}
    for table in tables:
        counted, hashed = connection.execute(verbatim(HASH.format(table.relation))).one() if rows else (None, None)
        found[table.name] = TableProof(rows=counted, hash=hashed, partitions=table.partitions, dependents=table.dependents)
    return Proof(tables=found, catalog=fingerprint(connection) if catalog else {})


def fingerprint(connection: Connection) -> dict[str, dict[str, str]]:
    """Digest every definition in every schema, by schema and kind of object."""
    from app_schema.drift.catalog import snapshot  # noqa: PLC0415 (Alembic comes with it)

    prints: dict[str, dict[str, str]] = {}
    for schema in connection.scalars(SCHEMAS).all():
        savepoint = connection.begin_nested()
        found = snapshot(connection, schema, ())
        savepoint.rollback()
        kinds: dict[str, list[str]] = {}
        for key, definition in sorted(found.items(), key=lambda item: (item[0].kind, item[0].relation or "", item[0].name)):
            kinds.setdefault(key.kind, []).append(f"{key.relation}\0{key.name}\0{definition}")
        prints[schema] = {kind: sha256("\0\0".join(lines).encode()).hexdigest()[:16] for kind, lines in kinds.items()}
    return prints


def compare(taken: Proof, found: Proof) -> tuple[str, ...]:
    """Return how what was restored differs from what was taken, a line each; tables that were not taken do not count."""
    lines = []
    for name, table in taken.tables.items():
        there = found.tables.get(name)
        if there is None:
            lines.append(f"table {name} is missing")
        elif table.rows is None:
            continue
        elif there.rows != table.rows:
            lines.append(f"table {name}: {table.rows:,} rows were taken, {there.rows or 0:,} are there")
        elif table.hash is not None and there.hash != table.hash:
            lines.append(f"table {name}: {table.rows:,} rows, and their values differ")
    if not found.catalog:
        return tuple(lines)
    for schema, kinds in taken.catalog.items():
        there_kinds = found.catalog.get(schema)
        if there_kinds is None:
            lines.append(f"schema {schema} is missing")
            continue
        differing = sorted(kind for kind in kinds.keys() | there_kinds.keys() if kinds.get(kind) != there_kinds.get(kind))
        lines += [f"schema {schema}: the definitions of kind {kind} differ" for kind in differing]
    return tuple(lines)
