"""What every module draws from: dice, ids, clock, names."""

from __future__ import annotations

import csv
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from faker import Faker

if TYPE_CHECKING:
    from app_schema.seeding import Scenario

SEOUL = ZoneInfo("Asia/Seoul")
HISTORY_DAYS = 120
POOL = 200  # names drawn from Faker, per language
LOCALES = {"ko": "ko_KR", "en": "en_US", "zh": "zh_CN", "ja": "ja_JP", "vi": "vi_VN", "ru": "ru_RU"}


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
        """Return how many rows a table gets, at least 1."""
        return max(1, round(self.story.counts[table] * self.scale))

    def dice(self, *key: object) -> Random:
        """Return the random numbers of one row: the same ones, whoever asks and in whatever order."""
        return Random(self._name(key))

    def digest(self, *key: object) -> bytes:
        """Return 32 bytes that stand for a secret, a file or an id of one row."""
        return sha256(self._name(key).encode()).digest()

    def id(self, at: datetime, table: str, *key: object) -> UUID:
        """Return the version 7 UUID of the row that was made at that time."""
        milliseconds = int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
        bits = milliseconds << 80 | int.from_bytes(self.digest("id", table, *key)[:10])
        bits = bits & ~(0xF << 76) | 7 << 76  # version
        return UUID(int=bits & ~(0x3 << 62) | 2 << 62)  # variant

    def past(self, fraction: float, days: float) -> datetime:
        """Return a time in working hours: 0 is now, 1 is ``days`` ago, and 0.5 has half of the work on either side."""
        hours = min(round(days * 24), len(self._work))
        target = fraction * self._work[hours - 1]
        hour = bisect_left(self._work, target)
        before = self._work[hour - 1] if hour else 0.0
        return self.now - timedelta(hours=hour + (target - before) / (self._work[hour] - before))

    def born(self, table: str, number: int, days: float) -> datetime:
        """Return when row ``number`` of a table was made, in order, the last one lately."""
        count = self.count(table)
        return self.past((count - number - self.dice(table, number, "born").random()) / count, days)

    def name(self, language: str, *key: object) -> str:
        """Return a person's name as that language has them."""
        return self.dice("name", *key).choice(self._names[language])

    def handle(self, *key: object) -> str:
        """Return the part of an e-mail address before the @, unique only with a number after it."""
        return self.dice("handle", *key).choice(self._handles)

    def user_agent(self, *key: object) -> str:
        """Return a browser's User-Agent header."""
        return self.dice("user_agent", *key).choice(self._user_agents)

    def _name(self, key: tuple[object, ...]) -> str:
        return "/".join(map(str, (self.random_seed, self.tag, *key)))

    @cached_property
    def _work(self) -> list[float]:
        hour = timedelta(hours=1)
        return list(accumulate(_workload((self.now - (back + 0.5) * hour).astimezone(SEOUL)) for back in range(HISTORY_DAYS * 24)))

    def _faker(self, locale: str, *kinds: str) -> Faker:
        fake = Faker(locale, providers=[f"faker.providers.{kind}" for kind in kinds])
        fake.seed_instance(f"{self.random_seed}/{locale}")
        return fake

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        fakes = {language: self._faker(locale, "person") for language, locale in LOCALES.items()}
        return {language: [fake.name() for _ in range(POOL)] for language, fake in fakes.items()}

    @cached_property
    def _handles(self) -> list[str]:
        fake = self._faker("ko_KR", "person", "internet")
        return [fake.user_name() for _ in range(POOL)]

    @cached_property
    def _user_agents(self) -> list[str]:
        fake = self._faker("ko_KR", "user_agent")
        return [fake.chrome(version_from=120, version_to=140) for _ in range(20)]


def _workload(at: datetime) -> float:
    work = 10 if 9 <= at.hour < 18 else 4 if 7 <= at.hour < 22 else 1
    return work * (1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.25)[at.weekday()]


@cache
def reference(name: str) -> list[dict[str, str]]:
    """Read ``reference/<name>.csv``."""
    with (Path(__file__).parent / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
