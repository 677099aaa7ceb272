"""COPY's own text format, written where there are too many rows to hand them over value by value. No table of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000  # milliseconds
BLOCK = 200  # rows, some 500 kB: large enough that nothing waits for the next one
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = r"\N"
MINUTES = [f"{minute // 60:02}:{minute % 60:02}:" for minute in range(1440)]


def field(value: object) -> str:
    """Write one value whose text PostgreSQL reads as it stands: text, numbers, labels; None is NULL."""
    return NULL if value is None else str(value).translate(ESCAPES)


def line(*values: object) -> str:
    """Write a row."""
    return "\t".join(map(field, values)) + "\n"


def stamp(milliseconds: int) -> str:
    """Write a time, given since 1970."""
    day, rest = divmod(milliseconds, DAY)
    minute, rest = divmod(rest, 60_000)
    return f"{_date(day)} {MINUTES[minute]}{rest // 1000:02}.{rest % 1000:03}+00"


@lru_cache(maxsize=512)
def _date(day: int) -> str:
    return f"{EPOCH + timedelta(days=day):%Y-%m-%d}"


def moment(milliseconds: int) -> datetime:
    """Return a time, given since 1970."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(at: datetime) -> int:
    """Return a time since 1970, as the ids and the messages have it."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def blocks(lines: Iterator[str]) -> Iterator[tuple[int, bytes]]:
    """Gather lines into blocks, each with its number of rows."""
    gathered: list[str] = []
    for line in lines:
        gathered.append(line)
        if len(gathered) == BLOCK:
            yield BLOCK, "".join(gathered).encode()
            gathered.clear()
    yield len(gathered), "".join(gathered).encode()
