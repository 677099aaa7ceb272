"""What was measured before: the last looks whole, and one a day of two years."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app_schema.memory import Memory
    from app_schema.monitoring.topic import Metric

DAY = timedelta(days=1)
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
    """The look before this one; empty when there is none or nothing could be remembered.

    Attributes:
        day, week: the look of a day and of a week ago; empty where none was near.
    """

    taken: datetime | None
    values: dict[tuple[str, str], float]
    day: dict[tuple[str, str], float] = field(default_factory=dict)
    week: dict[tuple[str, str], float] = field(default_factory=dict)

    def value(self, metric: str, **labels: str) -> float | None:
        """Return what a metric was at the last look."""
        return self.values.get((metric, _key(labels)))

    def earlier(self, span: Literal["day", "week"], metric: str, **labels: str) -> float | None:
        """Return what it was a day or a week ago."""
        values: dict[tuple[str, str], float] = getattr(self, span)
        return values.get((metric, _key(labels)))


NOTHING = Past(None, {})


def last(memory: Memory, *, now: datetime | None = None) -> Past:
    """Return the last look, whatever the clock says now, and with ``now`` those of a day and of a week before.

    Raises:
        MemoryUnavailable: nothing could be read.
    """
    looks = memory.read("SELECT number, taken FROM look ORDER BY number DESC LIMIT 1")
    if not looks:
        return NOTHING
    day, week = ({}, {}) if now is None else (_ago(memory, now, DAY), _ago(memory, now, 7 * DAY))
    return Past(datetime.fromtimestamp(looks[0][1], UTC), _values(memory, looks[0][0]), day, week)


def _ago(memory: Memory, now: datetime, span: timedelta) -> dict[tuple[str, str], float]:
    """Return the look that was nearest to a span ago, if one was within a quarter of it."""
    then = (now - span).timestamp()
    near = span.total_seconds() / 4
    looks = memory.read(
        "SELECT number FROM look WHERE taken BETWEEN ? AND ? ORDER BY abs(taken - ?), number DESC LIMIT 1", then - near, then + near, then
    )
    return _values(memory, looks[0][0]) if looks else {}


def _values(memory: Memory, look: int) -> dict[tuple[str, str], float]:
    rows = memory.read("SELECT metric, labels, value FROM sample WHERE look = ?", look)
    return {(metric, labels): value for metric, labels, value in rows}


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
