"""Proof: counts, order-free hashes of rows and the catalog's fingerprint, equal before a dump and after its restore."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from psycopg.errors import UndefinedFunction, UndefinedObject, UndefinedTable
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema.backup.holding import Proof, TableProof
from app_schema.engine import quoted, verbatim

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

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
HASH = 'SELECT count(*), sum(hashtextextended(({})::text, 0)::numeric)::text FROM {} AS "a row"'
SET = text("SELECT set_config(name, :value, true) FROM pg_settings WHERE name = :name")  # a setting that this version has
SCHEMAS = text("""
    SELECT nspname FROM pg_namespace n
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
    ORDER BY nspname
""")
UNDEFINED = (UndefinedTable, UndefinedFunction, UndefinedObject)
FINGERPRINT = 2  # the version of the fingerprints that are taken; see entry.Proof
# PostgreSQL prints ((a AND b) AND c) as (a AND b AND c) once it was restored: parentheses do not count, in a copy of the same
PARENTHESES = str.maketrans("", "", "()")
OWNER = "owner"  # the kind of what is not the owner's of most of its schema
UNSURE = ("column",)  # kinds of which version 1 counts what some servers keep for themselves
Digests = dict[str, dict[str, str]]


class Definitions(NamedTuple):
    """How definitions differ, as far as digests can tell.

    Attributes:
        differing: a line by schema and kind of object; the kind is empty when the schema is missing.
        notes: what could not be compared, a line each.
    """

    differing: dict[tuple[str, str], str]
    notes: tuple[str, ...]


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


def take(  # noqa: PLR0913 (an argument each question)
    connection: Connection,
    tables: Collection[Table],
    *,
    rows: bool,
    catalog: bool,
    search_paths: Sequence[str] = (),
    like: Proof | None = None,
) -> Proof:
    """Count and hash the rows of ``tables``, and fingerprint every schema, if asked; call it :func:`standing_still`.

    Args:
        connection: in the transaction of :func:`standing_still`.
        tables: whose rows.
        rows: whether to count and hash them.
        catalog: whether to fingerprint every schema.
        search_paths: values of ``search_path`` to try for a table that cannot be read without; see :func:`_count_and_hash`.
        like: hash the columns in the order of this proof, and fingerprint as its version does.
    """
    found = {}
    for table in tables:
        before = like.tables.get(table.name) if like else None
        columns = before.columns if before and set(before.columns) == set(table.columns) else table.columns
        counted, hashed = _count_and_hash(connection, table, columns, search_paths) if rows else (None, None)
        found[table.name] = TableProof(rows=counted, hash=hashed, partitions=table.partitions, dependents=table.dependents, columns=columns)
    if not catalog:
        return Proof(tables=found)
    version = like.fingerprint if like else FINGERPRINT
    definitions, names = fingerprint(connection, version)
    return Proof(tables=found, catalog=definitions, names=names, fingerprint=version)


def _count_and_hash(connection: Connection, table: Table, columns: Sequence[str], search_paths: Sequence[str]) -> tuple[int, str | None]:
    """Read every row of a table.

    The planner expands the SQL functions of a table's indexes. If one of them reads a name without its schema, no query of the
    table works with ``search_path = pg_catalog``; the values of ``search_paths`` are then tried in their order.
    """
    row = ", ".join(f'"a row".{quoted(column)}' for column in columns) or '"a row".*'
    statement = verbatim(HASH.format(f"ROW({row})" if columns else row, table.relation))
    for path in ("", *search_paths):
        savepoint = connection.begin_nested()
        try:
            if path:
                connection.execute(SET, {"name": "search_path", "value": path})
            counted, hashed = connection.execute(statement).one()
        except DBAPIError as error:
            if not isinstance(error.orig, UNDEFINED) or path == (search_paths or ("",))[-1]:
                raise
        else:
            return counted, hashed
        finally:
            savepoint.rollback()
    raise AssertionError  # the last attempt returns or raises


def fingerprint(connection: Connection, version: int = FINGERPRINT) -> tuple[Digests, Digests]:
    """Digest every definition in every schema, and every name, by schema and kind of object."""
    from app_schema.drift.catalog import snapshot, with_owners_apart  # noqa: PLC0415 (Alembic comes with it)

    definitions: Digests = {}
    names: Digests = {}
    for schema in connection.scalars(SCHEMAS).all():
        savepoint = connection.begin_nested()
        found = snapshot(connection, schema, ())
        savepoint.rollback()
        if version > 1:
            found = with_owners_apart(found)
        kinds: dict[str, list[tuple[str, str]]] = {}
        for key, definition in sorted(found.items(), key=lambda item: (item[0].kind, item[0].relation or "", item[0].name)):
            counted = definition if version == 1 else definition.translate(PARENTHESES)
            kinds.setdefault(key.kind, []).append((f"{key.relation}\0{key.name}", counted))
        definitions[schema] = {kind: _digest("\0".join(each) for each in objects) for kind, objects in kinds.items()}
        names[schema] = {kind: _digest(name for name, _ in objects) for kind, objects in kinds.items()}
    return definitions, names


def compare(taken: Proof, found: Proof) -> tuple[str, ...]:
    """Return how rows that were restored differ from those that were taken, a line each; tables that were not taken do not count."""
    lines = []
    for name, table in taken.tables.items():
        there = found.tables.get(name)
        if there is None:
            lines.append(f"table {name} is missing")
        elif table.rows is None:
            continue
        elif there.rows != table.rows:
            lines.append(f"table {name}: {table.rows:,} rows were taken, {there.rows or 0:,} are there")
        elif _hashes_differ(table, there) and not _is_order_unknown(table, there):
            lines.append(f"table {name}: {table.rows:,} rows, and their values differ")
    return tuple(lines)


def uncompared(taken: Proof, found: Proof) -> tuple[str, ...]:
    """Return of which tables only the number of rows was compared, a line each."""
    return tuple(
        f"table {name}: only the number of rows was compared, for the table inherits and the backup is of an earlier app_schema,"
        " which did not record the order of its columns"
        for name, table in taken.tables.items()
        if (there := found.tables.get(name)) and _hashes_differ(table, there) and _is_order_unknown(table, there)
    )


def _hashes_differ(taken: TableProof, found: TableProof) -> bool:
    return taken.hash is not None and found.hash != taken.hash


def _is_order_unknown(taken: TableProof, found: TableProof) -> bool:
    return bool(found.columns and not taken.columns)


def compare_definitions(taken: Proof, found: Proof, majors: tuple[int, int]) -> Definitions:
    """Compare the fingerprints of two catalogs, as far as they can be compared.

    Args:
        taken: of the backup.
        found: of what was restored; without a fingerprint nothing is compared.
        majors: the versions of the two servers. They print some definitions differently, such as those of views.
    """
    differing: dict[tuple[str, str], str] = {}
    by_name: dict[str, list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for schema, kinds in (taken.catalog if found.catalog else {}).items():
        there = found.catalog.get(schema)
        if there is None:
            differing[schema, ""] = f"schema {schema} is missing"
            continue
        for kind in sorted(kind for kind in kinds.keys() | there.keys() if kinds.get(kind) != there.get(kind)):
            named = schema in taken.names and schema in found.names
            same_names = named and taken.names[schema].get(kind) == found.names[schema].get(kind)
            one_side = kind not in kinds or kind not in there
            if taken.fingerprint == 1 and kind in UNSURE and not one_side:
                unknown.setdefault(schema, []).append(kind)
            elif majors[0] != majors[1] and (same_names or not (named or one_side)):
                (by_name if named else unknown).setdefault(schema, []).append(kind)
            else:
                differing[schema, kind] = f"schema {schema}: the definitions of kind {kind} differ" + (
                    "" if same_names or not named else ", and so do the names"
                )
    notes = [
        f"schema {schema}: of kind {', '.join(kinds)} only names were compared,"
        f" for PostgreSQL {majors[0]} and {majors[1]} print definitions differently"
        for schema, kinds in by_name.items()
    ]
    notes += [
        f"schema {schema}: the definitions of kind {', '.join(kinds)} could not be compared, for the backup is of an earlier app_schema"
        for schema, kinds in unknown.items()
    ]
    return Definitions(differing, tuple(notes))


def _digest(lines: Iterable[str]) -> str:
    return sha256("\0\0".join(lines).encode()).hexdigest()[:16]
