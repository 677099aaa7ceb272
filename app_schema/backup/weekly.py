"""Which part of the stored bytes a run of ``backup verify`` reads again, so that all of them are read within a week.

Every backup and every segment of WAL has one day of the week, counted in UTC. It is read on that day, or by the first run after
it. Pure functions: which day it is depends on nothing but the time a backup was taken or the number of a segment.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

DAYS = 7


def day_of(taken: datetime) -> int:
    """Return the day, from 0 to 6, of what was taken at that time; it moves on each week, so that weekly backups do not share one."""
    ordinal = taken.astimezone(UTC).toordinal()
    return (ordinal + ordinal // DAYS) % DAYS


def begun(since: datetime, now: datetime) -> frozenset[int]:
    """Return the days that have begun after the day of ``since``, up to ``now``; all of them if ``since`` is a week ago or yet to come."""
    first, last = since.astimezone(UTC).toordinal() + 1, now.astimezone(UTC).toordinal()
    if since > now or last - first >= DAYS - 1:
        return frozenset(range(DAYS))
    return frozenset(ordinal % DAYS for ordinal in range(first, last + 1))
