"""Ctrl-C and SIGTERM end a backup or a restore in the same way: what was half done is undone."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app_schema.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn both into one line.

    Raises:
        Interrupted: one of them came.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("stopped; what was half done is undone") from None
    finally:
        signal.signal(signal.SIGTERM, before)
