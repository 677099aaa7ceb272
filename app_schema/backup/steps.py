"""What long work is doing, for whoever watches it."""

from __future__ import annotations

from typing import Protocol


class Steps(Protocol):
    """Is told of each step as it begins, and of the bytes that pass in it."""

    def begin(self, what: str, total: int | None = None, /) -> None:
        """Begin a step; ``total`` is how many bytes will pass, None if nobody knows."""

    def __call__(self, count: int, /) -> None:
        """So many more bytes have passed."""


class Unwatched:
    """Nobody watches."""

    def begin(self, what: str, total: int | None = None, /) -> None:
        """Say nothing."""

    def __call__(self, count: int, /) -> None:
        """Say nothing."""


UNWATCHED = Unwatched()
