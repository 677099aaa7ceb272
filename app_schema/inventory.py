"""What is in a schema: its tables with their rows, indexes and size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app_schema.engine import quoted, verbatim
from app_schema.models import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

# SQL, true of a pg_class ``c`` that is a table of ours, or a partition of one: others may have tables of their own in the schema.
OURS = "coalesce((SELECT relname FROM pg_class WHERE oid = pg_partition_root(c.oid)), c.relname)::text = ANY(%(ours)s)"
NAMES = {"ours": [*metadata.tables, "alembic_version"]}
# Partitions count with their parent.
SIZES = text("""
    SELECT c.relname AS name,
           (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid) AS indexes,
           pg_total_relation_size(c.oid)
           + (SELECT coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::bigint FROM pg_inherits i WHERE i.inhparent = c.oid) AS bytes
    FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
""")


class TableFacts(NamedTuple):
    """One table: exact rows, number of indexes, bytes with indexes and TOAST."""

    name: str
    rows: int
    indexes: int
    bytes: int


def tables(connection: Connection, *, schema: str) -> list[TableFacts]:
    """Count the rows of every table of the package that is there; reads each of them whole."""
    sizes = {row.name: row for row in connection.execute(SIZES, {"schema": quoted(schema)})}
    there = [name for name in metadata.tables if name in sizes]
    if not there:
        return []
    counting = " UNION ALL ".join(f"SELECT '{name}', (SELECT count(*) FROM {quoted(schema)}.{name})" for name in there)  # noqa: S608 (quoted)
    return [TableFacts(name, rows, sizes[name].indexes, sizes[name].bytes) for name, rows in connection.execute(verbatim(counting))]
