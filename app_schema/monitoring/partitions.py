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
COUNT = """
SELECT count(*), count(*) FILTER (WHERE few.at >= %(end)s) FROM (SELECT {key} AS at FROM ONLY {table} ORDER BY id LIMIT %(most)s) AS few
"""
OURS = ("logs", "ai_request_stats")  # whose months app-schema maintain makes
BEYOND = Rule(
    "default-partition-future",
    Severity.WARNING,
    "They are dated after the months that are made ahead, so a clock or a writer is wrong; no upkeep moves them.",
    "psql: SELECT * FROM ONLY {table} WHERE {key} >= '{end}', then correct or delete them",
)


class Partitions(NamedTuple):
    """One partitioned table.

    Attributes:
        ahead: whole months after the current one (Seoul) that are there without a gap.
        oldest, newest: the first and the last moment that a partition takes.
        default_rows: in the default partition, counted up to 1,000; None when it may not be read.
        future_rows: those of them that are dated after the newest month.
        fallback: the default partition.
        key: the column that says which month.
    """

    table: str
    partitions: int
    ahead: int
    oldest: datetime | None
    newest: datetime | None
    default_rows: int | None
    future_rows: int | None
    fallback: str | None
    key: str


def read(look: Look) -> Sequence[Partitions]:
    """Read the bounds from the catalog, and at most 1,000 rows of each default partition through its index."""
    return [
        Partitions(row.table, row.partitions, row.ahead, row.oldest, row.newest, *_stranded(look, row), row.fallback, row.key)
        for row in look.query("partitions", now=look.server.now)
    ]


def _stranded(look: Look, row: Any) -> tuple[int | None, int | None]:
    if row.fallback is None:
        return 0, 0
    look.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    table = f"{quoted(look.settings.schema_name)}.{quoted(row.fallback)}"
    try:
        with look.connection.begin_nested():
            ((count, future),) = look.run(COUNT.format(table=table, key=quoted(row.key)), most=COUNTED, end=row.newest)
    except DBAPIError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        user = quoted(look.server.user)
        look.hide(f"whether rows wait in {row.fallback} is unknown: {look.server.user} may not read it; GRANT SELECT ON {table} TO {user}")
        return None, None
    return int(count), int(future)


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
            command = AHEAD.command if row.table in OURS else f"psql: CREATE TABLE … PARTITION OF {row.table} FOR VALUES FROM … TO …"
            yield AHEAD.finding(row.table, f"{row.table}: {row.ahead} months ahead", command=command)
        more = " or more" if row.default_rows and row.default_rows >= COUNTED else ""
        if row.future_rows:
            command = BEYOND.command.format(table=row.fallback, key=row.key, end=row.newest)
            yield BEYOND.finding(
                row.table, f"{row.table}: {row.future_rows:,}{more} rows of the default partition are of the future", command=command
            )
        if row.default_rows and row.default_rows > (row.future_rows or 0):
            yield STRANDED.finding(row.table, f"{row.table}: {row.default_rows:,}{more} rows in the default partition")


PARTITIONS = Topic("partitions", "Partitions", "파티션", Partitions, read, measure, judge, least=("oldest", "newest"))
