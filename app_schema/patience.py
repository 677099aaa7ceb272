"""How long a command waits for another one that has to end first, and what it says meanwhile."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 4 * 3600.0  # longer than any upkeep has (3 h), and the RTO of a full backup
QUIET = 1.0  # seconds without a word
PAUSES = 0.1, 1.0  # seconds between two attempts, the first and the longest
LOG = logging.getLogger("app_schema")  # without a handler of the application's, a warning is a line on stderr


def attempts(seconds: float, waits_for: Callable[[], str]) -> Iterator[None]:
    """Yield once for each attempt, until the caller breaks off or ``seconds`` are over.

    Args:
        seconds: 0 is one attempt.
        waits_for: returns who is waited for; it is asked once, and said on one line, if that takes longer than a moment.
    """
    begun, pause, said = time.monotonic(), PAUSES[0], False
    yield
    while (left := begun + seconds - time.monotonic()) > 0:
        if not said and time.monotonic() - begun >= QUIET:
            LOG.warning("waiting for %s, at most %s", waits_for(), span(seconds))
            said = True
        time.sleep(min(pause, left))
        pause = min(1.5 * pause, PAUSES[1])
        yield


def span(seconds: float) -> str:
    """Return a time in hours if it is one, else in seconds."""
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds:g} s"  # noqa: PLR2004 (an hour)
