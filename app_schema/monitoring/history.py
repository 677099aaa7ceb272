"""What was measured before: the last looks whole, and one a day of two years."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app_schema.memory import Memory
    from app_schema.monitoring.topic import Metric

FINE = 600  # looks kept whole: two days of one every five minutes
MOST = FINE + 730  # and before those the last one of each day (UTC), for two years
# By number and not by age: a clock that was wrong for a moment must not make us forget.
FORGET = """
DELETE FROM look WHERE
    number <= (SELECT max(number) FROM look) - :fine
        AND number NOT IN (SELECT max(number) FROM look GROUP BY CAST(taken / 86400 AS INTEGER))
    OR number IN (SELECT number FROM look ORDER BY number DESC LIMIT -1 OFFSET :most)
"""
ORPHANS = "DELETE FROM sample WHERE look NOT IN (SELECT number FROM look)"


class Point(NamedTuple):
    """A value at a time."""

    taken: datetime
    value: float


@dataclass(frozen=True)
class Past:
    """The look before this one; empty when there is none or nothing could be remembered."""

    taken: datetime | None
    values: dict[tuple[str, str], float]

    def value(self, metric: str, **labels: str) -> float | None:
        """Return what a metric was at the last look."""
        return self.values.get((metric, _key(labels)))


NOTHING = Past(None, {})


def last(memory: Memory) -> Past:
    """Return the last look, whatever the clock says now.

    Raises:
        MemoryUnavailable: nothing could be read.
    """
    looks = memory.read("SELECT number, taken FROM look ORDER BY number DESC LIMIT 1")
    if not looks:
        return NOTHING
    rows = memory.read("SELECT metric, labels, value FROM sample WHERE look = ?", looks[0][0])
    return Past(datetime.fromtimestamp(looks[0][1], UTC), {(metric, labels): value for metric, labels, value in rows})


def keep(memory: Memory, now: datetime, metrics: Iterable[Metric]) -> None:
    """Remember what was measured, and forget what is old.

    Raises:
        MemoryUnavailable: nothing was kept.
    """
    with memory.write() as file:
        number = file.execute("INSERT INTO look (taken) VALUES (?)", [now.timestamp()]).lastrowid
        rows = [(metric.name, _key(metric.labels), number, metric.value) for metric in metrics]
        file.executemany("INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?)", rows)
        if file.execute(FORGET, {"fine": FINE, "most": MOST}).rowcount:
            file.execute(ORPHANS)


def series(memory: Memory, metric: str, *, now: datetime, days: float, **labels: str) -> list[Point]:
    """Return a metric over the last days, oldest first; errors as for :func:`last`."""
    rows = memory.read(
        "SELECT taken, value FROM sample JOIN look ON number = look"
        " WHERE metric = ? AND labels = ? AND taken BETWEEN ? AND ? ORDER BY taken",
        *(metric, _key(labels), (now - timedelta(days=days)).timestamp(), now.timestamp()),
    )
    return [Point(datetime.fromtimestamp(taken, UTC), value) for taken, value in rows]


def _key(labels: dict[str, str]) -> str:
    return json.dumps(labels, sort_keys=True, ensure_ascii=False)
