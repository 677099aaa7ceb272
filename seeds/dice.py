"""Random numbers that are the digits of one hash: a tenth of the price of seeding a ``random.Random``."""

from __future__ import annotations

import math
from hashlib import blake2b
from struct import unpack
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")
WORD = 1 << 32


def weighted(shares: Mapping[T, int]) -> tuple[T, ...]:
    """Return each as often as its share says, to choose from."""
    return tuple(value for value, share in shares.items() for _ in range(share))


class Dice:
    """What ``random.Random`` has and the seeds need, 32 bits a throw."""

    __slots__ = ("_digest", "_words")

    def __init__(self, name: str) -> None:
        self._digest = blake2b(name.encode()).digest()
        self._words = iter(unpack("<16I", self._digest))

    def _throw(self) -> int:
        for word in self._words:
            return int(word)
        self._digest = blake2b(self._digest).digest()
        self._words = iter(unpack("<16I", self._digest))
        return self._throw()

    @property
    def digits(self) -> str:
        """The 40 hexadecimal digits for an id, apart from the first eleven throws."""
        return self._digest.hex()[88:]

    def random(self) -> float:
        """Return a number from 0 to below 1."""
        return self._throw() / WORD

    def randrange(self, start: int, stop: int | None = None) -> int:
        """Return a whole number as :func:`random.randrange` does, of less than 32 bits."""
        if stop is None:
            start, stop = 0, start
        return start + (self._throw() * (stop - start) >> 32)

    def choice(self, of: Sequence[T]) -> T:
        """Return one of a sequence."""
        return of[self._throw() * len(of) >> 32]

    def uniform(self, low: float, high: float) -> float:
        """Return a number between the two."""
        return low + (high - low) * self._throw() / WORD

    def lognormvariate(self, mu: float, sigma: float) -> float:
        """Return a number whose logarithm is normal: sizes, durations."""
        normal = math.sqrt(-2 * math.log((self._throw() + 1) / WORD)) * math.cos(math.tau * self.random())
        return math.exp(mu + sigma * normal)

    def paretovariate(self, alpha: float) -> float:
        """Return a number of at least 1 with a long tail."""
        return float((1 - self.random()) ** (-1 / alpha))
