"""Places in the WAL: LSNs, segment files, timelines.

An LSN is an offset in bytes from the beginning of all WAL. Source: src/include/access/xlog_internal.h of PostgreSQL.
"""

from __future__ import annotations

import os
import re
import struct
from typing import BinaryIO, NamedTuple, Self

SEGMENT_BYTES = 16 << 20  # unless initdb --wal-segsize said otherwise
WAL_BYTES_PER_NAME = 1 << 32
BLOCK = 1 << 20
SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?")
HISTORY = re.compile(r"([0-9A-F]{8})\.history")
HISTORY_LINE = re.compile(r"\s*(\d+)\s+([0-9A-F]+/[0-9A-F]+)", re.IGNORECASE)
HEADER = struct.Struct("<HHIQIxxxxQII")  # XLogLongPageHeaderData, little-endian


def parse_lsn(text: str) -> int:
    """Read ``16/B374D848``."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def show_lsn(lsn: int) -> str:
    """Write an LSN as PostgreSQL does."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


class Segment(NamedTuple):
    """A segment of WAL: ``number`` counts from the beginning of all WAL, on every timeline alike."""

    timeline: int
    number: int

    @classmethod
    def parse(cls, name: str, size: int) -> Self | None:
        """Read the name of a file, ``.partial`` or not; None if it is no segment's."""
        match = SEGMENT.fullmatch(name)
        if not match:
            return None
        per_name = WAL_BYTES_PER_NAME // size
        return cls(int(match[1], 16), int(match[2], 16) * per_name + int(match[3], 16))

    def name(self, size: int) -> str:
        """Return the name of its file."""
        per_name = WAL_BYTES_PER_NAME // size
        return f"{self.timeline:08X}{self.number // per_name:08X}{self.number % per_name:08X}"


def written(file: BinaryIO) -> int:
    """Return how much of a file comes before the zeros at its end, all of which was there by then: a receiver may be writing on."""
    left = file.seek(0, os.SEEK_END)
    while left:
        begin = max(0, left - BLOCK)
        file.seek(begin)
        block = file.read(left - begin)
        if block != bytes(len(block)):
            return begin + len(block.rstrip(b"\0"))
        left = begin
    return 0


class Switch(NamedTuple):
    """Where a timeline was left for the next one."""

    timeline: int
    lsn: int


def read_history(text: str) -> tuple[Switch, ...]:
    """Read a timeline's history file: the timelines before it, oldest first."""
    found = (HISTORY_LINE.match(line) for line in text.splitlines())
    return tuple(Switch(int(match[1]), parse_lsn(match[2])) for match in found if match)


class Header(NamedTuple):
    """The first 40 bytes of a segment.

    Attributes:
        address: the LSN where the segment begins.
        continued: how many bytes of a record that began before the segment are left, in it or in those after it.
    """

    timeline: int
    address: int
    system_identifier: str
    segment_bytes: int
    continued: int

    @classmethod
    def read(cls, file: BinaryIO) -> Self | None:
        """Return what a segment says of itself, None if it is empty or cut off."""
        file.seek(0)
        start = file.read(HEADER.size)
        if len(start) < HEADER.size or not any(start):
            return None
        _, _, timeline, address, continued, system, size, _ = HEADER.unpack(start)
        return cls(timeline, address, str(system), size, continued)
