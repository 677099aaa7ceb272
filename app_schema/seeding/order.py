"""What somebody asks the seeds for, refused where it makes no sense."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app_schema.errors import SettingsError
from app_schema.seeding.scenarios import Scenario, find

if TYPE_CHECKING:
    from datetime import datetime

YEARS = range(2000, 3000)
SCALES = "a number above 0, for example 0.1, 1 or 10"


@dataclass(frozen=True)
class Order:
    """A scenario, a size, a seed and a moment: the same order gives the same bytes.

    Attributes:
        scenario: a name of ``SCENARIOS``.
        scale: how many times the scenario.
        random_seed: any whole number.
        now: when the story ends, with a time zone; None asks the server.

    Raises:
        SettingsError: one of them makes no sense.
    """

    scenario: str = "standard"
    scale: float = 1.0
    random_seed: int = 0
    now: datetime | None = None

    def __post_init__(self) -> None:
        find(self.scenario)
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise SettingsError(f"the scale cannot be {self.scale:g}; give {SCALES}")
        if self.now is not None and self.now.utcoffset() is None:
            raise SettingsError("the time has no zone; write it as 2026-11-20T14:30+09:00")
        if self.now is not None and self.now.year not in YEARS:
            raise SettingsError(f"the story cannot end in the year {self.now.year}; choose one of {YEARS[0]} to {YEARS[-1]}")

    @property
    def story(self) -> Scenario:
        """The scenario itself."""
        return find(self.scenario)

    @property
    def rows(self) -> float:
        """About how many rows that makes."""
        return sum(self.story.counts.values()) * self.scale
