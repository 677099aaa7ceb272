"""One figure: two ways of doing the same, timed in turn."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


class Figure(NamedTuple):
    """What was measured against what, in the unit that ``what`` names, and the most or the least that the ratio should be."""

    what: str
    against: str
    ours: float
    other: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the printed table."""
        ratio = f"{self.ours / self.other:.2f}"
        bound = f"≥ {self.at_least:g}" if self.at_most is None else f"≤ {self.at_most:g}"
        return self.what, self.against, f"{self.ours:.3g}", f"{self.other:.3g}", ratio, bound


def medians(*ways: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Time each way in turn, A B A B …, so that a drift of the machine's speed meets them all."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, taken in zip(ways, times, strict=True):
            begun = time.perf_counter()
            way()
            taken.append(time.perf_counter() - begun)
    return [statistics.median(taken) for taken in times]
