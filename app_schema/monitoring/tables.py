"""Tables: how big they are, and how much they grew since the last look."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app_schema.monitoring.topic import Metric, Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app_schema.monitoring.look import Look

TABLE_BYTES = "app_schema_table_bytes"


class Table(NamedTuple):
    """One table, its partitions counted with it.

    Attributes:
        rows: the planner's estimate; None when it was never analysed.
        growth_bytes: since the last look; None when there was none. Of a day and of a week: since the look of then.
    """

    table: str
    rows: int | None
    partitions: int
    table_bytes: int
    index_bytes: int
    total_bytes: int
    growth_bytes: int | None
    growth_of_day_bytes: int | None = None
    growth_of_week_bytes: int | None = None


def read(look: Look) -> Sequence[Table]:
    """Read the sizes from the files' lengths; no table is scanned."""
    return [
        Table(
            *(row.table, row.rows, row.partitions, row.table_bytes, row.index_bytes, row.total_bytes),
            *_growth(look, row.table, row.total_bytes),
        )
        for row in look.query("tables")
    ]


def _growth(look: Look, table: str, total: int) -> list[int | None]:
    past = look.past
    then = (
        past.value(TABLE_BYTES, table=table),
        past.earlier("day", TABLE_BYTES, table=table),
        past.earlier("week", TABLE_BYTES, table=table),
    )
    return [None if before is None else total - int(before) for before in then]


def measure(rows: Sequence[Table]) -> Iterator[Metric]:
    """Measure bytes and rows of every table."""
    for row in rows:
        yield Metric(TABLE_BYTES, "Size of a table with its indexes, TOAST and partitions.", row.total_bytes, {"table": row.table})
        if row.rows is not None:
            yield Metric("app_schema_table_rows", "The planner's estimate of the rows of a table.", row.rows, {"table": row.table})


LEAST = ("growth_of_week_bytes", "growth_of_day_bytes", "partitions", "table_bytes", "index_bytes", "rows")
TABLES = Topic("tables", "Tables", "테이블 크기", Table, read, measure, most=30, least=LEAST)
