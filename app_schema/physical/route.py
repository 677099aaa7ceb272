"""A way through the WAL: from an LSN, across timelines, to the end of one of them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from app_schema.errors import BackupError, WalDamaged
from app_schema.physical.archive import PARTIAL, opened
from app_schema.physical.segments import BLOCK, Header, Segment, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.physical.archive import Archive


NEW_BASE = "take a new base with app-schema backup base"


class Leg(NamedTuple):
    """The WAL of one timeline from ``start`` to ``end``, where the next one begins; None: as far as there is any."""

    timeline: int
    start: int
    end: int | None


class Stored(NamedTuple):
    """A file of WAL; an unfinished one holds zeros after its last record, and a receiver may be writing in it."""

    path: Path
    segment: Segment
    unfinished: bool

    def copy(self, target: Path) -> None:
        """Copy as much as was written up to now; what is written meanwhile would come with holes before it."""
        with opened(self.path) as source, target.open("wb") as copy:
            size, left = os.fstat(source.fileno()).st_size, written(source)
            source.seek(0)
            while block := source.read(min(left, BLOCK)):
                left -= copy.write(block)
            copy.truncate(size)
        target.chmod(0o600)


class Gap(NamedTuple):
    """Where WAL is missing although there is more after it: the name of the first segment, and the words for it all."""

    first: str
    says: str


@dataclass(frozen=True)
class Route:
    """The files that hold a way, one after the other, up to its end or to the first gap.

    Attributes:
        legs: oldest first; beyond a gap there are none.
        files: in order; of a segment that two timelines share, the file of the newer one, as recovery takes it.
        gap: what keeps it from going on.
    """

    archive: Archive
    legs: tuple[Leg, ...]
    files: tuple[Stored, ...]
    gap: Gap | None = None

    @property
    def start(self) -> int:
        """The LSN where it begins."""
        return self.legs[0].start

    @property
    def end(self) -> int:
        """The LSN where its last file ends; the last record may end earlier."""
        return (self.files[-1].segment.number + 1) * self.archive.segment_bytes if self.files else self.start

    def stored(self, number: int) -> Stored | None:
        """Return the file of a segment's number."""
        position = number - self.files[0].segment.number if self.files else -1
        return self.files[position] if 0 <= position < len(self.files) else None

    def check_headers(self, system: str, start: int) -> None:
        """Whether the segments from ``start`` on say that they are of this cluster and where they belong.

        Raises:
            WalDamaged: one does not.
        """
        for file in self.files:
            if (file.segment.number + 1) * self.archive.segment_bytes <= start:
                continue
            with opened(file.path) as source:
                header = Header.read(source)
            there = file.segment.number * self.archive.segment_bytes
            if header is None or header.system_identifier != system or header.address != there:
                raise WalDamaged(f"{file.path} is not segment {file.path.name} of this cluster", there)

    @contextmanager
    def laid_out(self) -> Iterator[tuple[Path, Route]]:
        """Yield a folder in which PostgreSQL's programs find the segments of each leg under its own timeline, and this route in it.

        Nobody writes there; an unfinished segment is as it was at the beginning.

        Raises:
            BackupError: there is no room for a copy of that.
        """
        archive = self.archive
        with TemporaryDirectory(prefix="app_schema-wal-") as name:
            folder = Path(name)
            files = [file._replace(path=_still(file, folder)) if file.unfinished else file for file in self.files]
            still = replace(self, files=tuple(files))
            for leg in self.legs:
                last = archive.number(leg.end) if leg.end is not None else archive.number(self.end)
                for number in range(archive.number(leg.start), last + 1):
                    link = folder / Segment(leg.timeline, number).name(archive.segment_bytes)
                    if (file := still.stored(number)) and not link.is_symlink():  # two legs of a timeline may share a segment
                        link.symlink_to(file.path)
            yield folder, still


def legs(archive: Archive, start: int, on: int, to: int) -> tuple[Leg, ...] | None:
    """Return the way from an LSN of timeline ``on`` to the end of timeline ``to``; None if it does not lead there."""
    if on == to:
        return (Leg(on, start, None),)
    switches = archive.history_of(to)
    first = next((number for number, switch in enumerate(switches) if switch.timeline == on), None)
    if first is None or start > switches[first].lsn:
        return None
    starts = [start, *(switch.lsn for switch in switches[first:])]
    steps = [*switches[first:], None]
    return tuple(
        Leg(switch.timeline if switch else to, begin, switch.lsn if switch else None) for begin, switch in zip(starts, steps, strict=True)
    )


def find(archive: Archive, way: tuple[Leg, ...]) -> Route:
    """Find the files of a way, up to the first that is missing or has not the size that it should have."""
    files: list[Stored] = []
    number = archive.number(way[0].start)
    try:
        while found := _file(archive, way, number):
            if files and files[-1].unfinished and not any(leg.end is not None and number - 1 == archive.number(leg.end) for leg in way):
                raise _missing(archive, files[-1].segment, 1)
            files.append(found)
            number += 1
        _check_gap(archive, way, number)
    except _Broken as broken:
        first, *rest = [leg for leg in way if archive.number(leg.start) < number] or way[:1]
        until = (first, *rest)
        return Route(archive, (*until[:-1], until[-1]._replace(end=None)), tuple(files), broken.gap)
    return Route(archive, way, tuple(files))


def count_missing(archive: Archive, way: tuple[Leg, ...]) -> int:
    """Return how many segments there are none of before the last one of a way."""
    tip = max((segment.number for segment in archive.segments if segment.timeline == way[-1].timeline), default=0)
    there = {segment.number for segment in archive.segments}
    return sum(number not in there for number in range(archive.number(way[0].start), tip + 1))


def _still(file: Stored, folder: Path) -> Path:
    target = folder / f"{file.path.name}.copy"
    try:
        file.copy(target)
    except OSError as error:
        raise BackupError(f"{file.path} cannot be copied to {folder}: {error.strerror}; make room there, or set TMPDIR") from None
    return target


def _file(archive: Archive, way: tuple[Leg, ...], number: int) -> Stored | None:
    for leg in reversed(way):
        begins = archive.number(leg.start) if leg is not way[0] else 0
        if number < begins or (leg.end is not None and number > archive.number(leg.end)):
            continue
        segment = Segment(leg.timeline, number)
        name = segment.name(archive.segment_bytes)
        if path := archive.whole(name):
            size = path.stat().st_size
            if size != archive.segment_bytes:
                raise _Broken(Gap(name, f"{path} is {size:,} bytes and a segment of WAL has {archive.segment_bytes:,}"))
            return Stored(path, segment, unfinished=path.parent in archive.beside)  # the last one a base brings is cut short
        if path := archive.files.get(f"{name}{PARTIAL}"):
            with opened(path) as file:
                # else the receiver died while it made the file, or has not written in it; pg_waldump asks any file how long segments are
                if os.fstat(file.fileno()).st_size == archive.segment_bytes and written(file):
                    return Stored(path, segment, unfinished=True)
    return None


def _check_gap(archive: Archive, way: tuple[Leg, ...], number: int) -> None:
    tip = way[-1]
    later = [segment.number for segment in archive.segments if segment.number > number and _lies_on(archive, way, segment)]
    if later or (number * archive.segment_bytes < tip.start and len(way) > 1):
        leg = next(leg for leg in way if leg.end is None or number <= archive.number(leg.end))
        raise _missing(archive, Segment(leg.timeline, number), min(later, default=archive.number(tip.start)) - number or 1)


def _lies_on(archive: Archive, way: tuple[Leg, ...], segment: Segment) -> bool:
    return any(leg.timeline == segment.timeline and (leg.end is None or segment.number <= archive.number(leg.end)) for leg in way)


class _Broken(Exception):
    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.says)
        self.gap = gap


def _missing(archive: Archive, first: Segment, count: int) -> _Broken:
    number = f"{count} segment{'s' * (count > 1)}"
    name = first.name(archive.segment_bytes)
    return _Broken(Gap(name, f"{number} of WAL missing, the first is {name}"))
