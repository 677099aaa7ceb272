"""Partitions: the months that are made ahead, and rows that fell into a default partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.errors import InsufficientPrivilege
from sqlalchemy.exc import DBAPIError

from app_schema.engine import quoted
from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Metric, Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from app_schema.monitoring.look import Look

COUNTED = 1_000  # rows of a default partition that are counted at most
FEWEST_AHEAD = 1
AHEAD = Rule(
    "partitions-ahead", Severity.WARNING, "Rows of a month nobody made fall into the default partition.", "app-schema maintain daily"
)
STRANDED = Rule(
    "default-partition", Severity.WARNING, "Rows there are found more slowly and dropped with no month.", "app-schema maintain daily"
)
# in the order of the primary key, so that the index is read and not the table
COUNT = "SELECT count(*) FROM (SELECT FROM ONLY {table} ORDER BY id LIMIT %(most)s) AS few"


class Partitions(NamedTuple):
    """One partitioned table.

    Attributes:
        ahead: whole months after the current one (Seoul) that are there without a gap.
        oldest, newest: the first and the last moment that a partition takes.
        default_rows: in the default partition, counted up to 1,000; None when it may not be read.
    """

    table: str
    partitions: int
    ahead: int
    oldest: datetime | None
    newest: datetime | None
    default_rows: int | None


def read(look: Look) -> Sequence[Partitions]:
    """Read the bounds from the catalog, and at most 1,000 rows of each default partition through its index."""
    return [
        Partitions(row.table, row.partitions, row.ahead, row.oldest, row.newest, _stranded(look, row))
        for row in look.query("partitions", now=look.server.now)
    ]


def _stranded(look: Look, row: Any) -> int | None:
    if row.fallback is None:
        return 0
    look.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    try:
        with look.connection.begin_nested():
            ((count,),) = look.run(COUNT.format(table=f"{quoted(look.settings.schema_name)}.{quoted(row.fallback)}"), most=COUNTED)
    except DBAPIError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        look.remark(
            f"whether rows wait in {row.fallback} is unknown: {look.server.user} may not read it; GRANT app_readonly TO {look.server.user}"
        )
        return None
    return int(count)


def measure(rows: Sequence[Partitions]) -> Iterator[Metric]:
    """Measure months ahead and stranded rows."""
    for row in rows:
        yield Metric("app_schema_partitions_ahead", "Whole months ahead that have a partition.", row.ahead, {"table": row.table})
        if row.default_rows is not None:
            help_text = f"Rows in the default partition, {COUNTED} meaning that or more."
            yield Metric("app_schema_default_partition_rows", help_text, row.default_rows, {"table": row.table})


def judge(rows: Sequence[Partitions], _look: Look) -> Iterator[Finding]:
    """Find too few months ahead and rows astray."""
    for row in rows:
        if row.ahead < FEWEST_AHEAD:
            yield AHEAD.finding(row.table, f"{row.table}: {row.ahead} months ahead")
        if row.default_rows:
            more = " or more" if row.default_rows >= COUNTED else ""
            yield STRANDED.finding(row.table, f"{row.table}: {row.default_rows:,}{more} rows in the default partition")


PARTITIONS = Topic("partitions", "Partitions", "파티션", Partitions, read, measure, judge, least=("oldest", "newest"))
