"""What every module draws from: dice, ids, clock, names."""

from __future__ import annotations

import csv
from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app_schema.seeding.scenarios import LEAST

from .dice import Dice
from .wire import milliseconds, moment

if TYPE_CHECKING:
    from app_schema.seeding import Scenario

SEOUL = ZoneInfo("Asia/Seoul")
DAYS = 89  # of which the rows tell
HISTORY_DAYS = 120  # users and agents were there before
# what happens in each hour of a working day in Seoul: most in the morning, little at lunch, hardly anything at night
HOURS = (0.12, 0.08, 0.05, 0.04, 0.05, 0.15, 0.5, 2, 7, 10.5, 11, 9.5, 4.5, 8.5, 10.5, 10, 9, 6.5, 3, 2, 1.4, 0.9, 0.5, 0.25)
DAYS_OF_WEEK = (1.1, 1.0, 1.0, 1.0, 0.95, 0.4, 0.15)


@dataclass(frozen=True, eq=False)
class World:
    """One seed, one size, one moment at which the story ends."""

    random_seed: int
    story: Scenario
    scale: float
    now: datetime
    tag: str = ""  # keeps appended rows apart from those there already

    @property
    def earliest(self) -> datetime:
        """The time before which nothing happens."""
        return self.now - timedelta(days=HISTORY_DAYS)

    def count(self, table: str) -> int:
        """Return how many rows a table gets, at least as many as show every state."""
        return self._counts[table]

    @cached_property
    def _counts(self) -> dict[str, int]:
        return {table: max(LEAST[table], round(rows * self.scale)) for table, rows in self.story.counts.items()}

    def dice(self, *key: object) -> Dice:
        """Return the random numbers of one row: the same ones, whoever asks and in whatever order."""
        return Dice(self._name(key))

    def digest(self, *key: object) -> bytes:
        """Return 32 bytes that stand for a secret, a file or an id of one row."""
        return sha256(self._name(key).encode()).digest()

    def id(self, at: datetime, table: str, *key: object) -> str:
        """Return the version 7 UUID, as 32 hexadecimal digits, of the row that was made at that time."""
        return self.id_at(milliseconds(at), table, *key)

    def id_at(self, at: int, table: str, *key: object) -> str:
        """Do the same for a time in milliseconds since 1970."""
        return uuid7(at, self.digest("id", table, *key).hex())

    def named(self, name: str) -> str:
        """Return the name of something there is one of, apart from one that was there already."""
        return f"{name} ({self.tag})" if self.tag else name

    def past(self, fraction: float, days: float) -> datetime:
        """Return a time in working hours: 0 is now, 1 is ``days`` ago, and 0.5 has half of the work on either side."""
        now, then = self._spans.get(days) or self._span(days)
        return self._when(now + fraction * (then - now))

    def between(self, first: datetime, last: datetime, fraction: float) -> datetime:
        """Return a time between two, in working hours likewise: 0 is the first of them."""
        early, late = self._done_since(first), self._done_since(last)
        return min(last, max(first, self._when(early + (late - early) * fraction)))

    def _span(self, days: float) -> tuple[float, float]:
        self._spans[days] = self._done_since(self._end), self._done_since(self._end - timedelta(days=days))
        return self._spans[days]

    def _when(self, work: float) -> datetime:
        # the time since which so much was done, or will be until the hour is over
        hour = min(bisect_left(self._work, work), len(self._work) - 1)
        before = self._work[hour - 1] if hour else 0.0
        ago = hour + (work - before) / (self._work[hour] - before)
        return min(self._end, self._top - timedelta(milliseconds=int(ago * 3_600_000)))

    def _done_since(self, at: datetime) -> float:
        ago = (self._top - at) / timedelta(hours=1)
        hour = min(max(int(ago), 0), len(self._work) - 1)
        before = self._work[hour - 1] if hour else 0.0
        return before + (self._work[hour] - before) * (ago - hour)

    def born(self, table: str, number: int, days: float, within: float | None = None) -> datetime:
        """Return when row ``number`` of a table was made, in order, the last one lately; ``within`` is its own random number."""
        count = self.count(table)
        within = self.dice(table, number, "born").random() if within is None else within
        return self.past((count - number - within) / count, days)

    def _name(self, key: tuple[object, ...]) -> str:
        return "/".join(map(str, (self.random_seed, self.tag, *key)))

    @cached_property
    def _end(self) -> datetime:
        return moment(milliseconds(self.now))  # whole milliseconds, as ids have them

    @cached_property
    def _spans(self) -> dict[float, tuple[float, float]]:
        return {}

    @cached_property
    def _top(self) -> datetime:
        return (self._end + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)  # the end of the hour that is on

    @cached_property
    def _work(self) -> list[float]:
        hour = timedelta(hours=1)
        return list(accumulate(_workload((self._top - (back + 0.5) * hour).astimezone(SEOUL)) for back in range(HISTORY_DAYS * 24 + 1)))


def uuid7(at: int, digits: str) -> str:
    """Put a time in milliseconds since 1970 and 18 or more random hexadecimal digits together (RFC 9562)."""
    return f"{at:012x}7{digits[:3]}8{digits[3:18]}"


def _workload(at: datetime) -> float:
    return HOURS[at.hour] * DAYS_OF_WEEK[at.weekday()]


@cache
def reference(name: str) -> list[dict[str, str]]:
    """Read ``reference/<name>.csv``."""
    with (Path(__file__).parent / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
