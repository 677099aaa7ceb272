"""All WAL that the window stands on, across timelines: without a gap, as written, and not less than it was."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from app_schema import moments
from app_schema.backup import chain
from app_schema.errors import WalDamaged
from app_schema.physical import archive, route
from app_schema.physical.base import programs_for
from app_schema.physical.finding import Finding
from app_schema.physical.layout import WAL, data_of
from app_schema.physical.memory import Memory, Stretch
from app_schema.physical.records import Reader
from app_schema.physical.route import NEW_BASE, Gap, Leg, Route
from app_schema.physical.segments import Segment, parse_lsn, show_lsn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.backup.programs import Programs
    from app_schema.physical.archive import Archive


class Wal:
    """The WAL of one cluster, timeline by timeline; each only from where the one before it was left."""

    def __init__(self, place: Path, folder: Folder, standing: list[Entry], before: Memory, *, everything: bool) -> None:
        self._place, self._folder, self._standing, self._before, self._everything = place, folder, standing, before, everything
        self.found: dict[int, Stretch] = {}
        self.gaps: dict[str, datetime] = {}

    @cached_property
    def _programs(self) -> Programs:
        return programs_for(self._standing[-1])

    def findings(self) -> Iterator[Finding]:
        """Look at each timeline that a backup may lead to."""
        plain = self._archive(None)
        if not plain.segments and not self._before.timelines:
            yield Finding("WAL", "none is archived, so that backups can be restored to their own ends only: run app-schema backup wal")
            return
        oldest = min(chain.place(entry).timeline for entry in self._standing)
        for timeline in sorted(timeline for timeline in {*plain.timelines, *self._before.timelines} if timeline >= oldest):
            yield from self._look(timeline)

    def _archive(self, entry: Entry | None) -> Archive:
        beside = (data_of(self._folder, entry) / WAL,) if entry else ()
        return archive.Archive(self._place, chain.place(self._standing[0]).segment_bytes, beside)

    def _look(self, timeline: int) -> Iterator[Finding]:
        """Read the WAL from the oldest backup that it connects to; beyond a gap or damage, from the next one after it."""
        name = f"WAL of timeline {timeline}"
        gaps: list[Gap] = []
        damaged = -1
        for entry in self._standing:
            place = chain.place(entry)
            wal = self._archive(entry)
            way = route.legs(wal, parse_lsn(place.start_lsn), place.timeline, timeline)
            if way is None or way[0].start <= damaged:
                continue
            found = route.find(wal, way)
            gap = found.gap or self._stops_short(found)
            try:
                if gap is None:
                    finding = self._read(name, found)
                    yield from self._told(name, gaps, entry)
                    yield finding
                    return
                if gap.first not in {each.first for each in gaps}:
                    gaps.append(gap)
                    if found.files and (self._everything or gap.first not in self._before.gaps):
                        yield self._read(name, found, on=False)
            except WalDamaged as damage:
                gaps.append(Gap(_damage(timeline, damage.lsn), str(damage)))
                damaged = damage.lsn
        yield from self._told(name, gaps, None)
        if not gaps:
            yield Finding(name, "", f"no backup leads there: {NEW_BASE}")

    def _stops_short(self, found: Route) -> Gap | None:
        """Return the gap between the end of the archive and the beginning of a backup that was taken later."""
        size, tip = found.archive.segment_bytes, found.legs[-1].timeline
        last = max((segment for segment in self._archive(None).segments if segment.timeline == tip), default=None)
        end = (last.number + 1) * size if last else 0
        for entry in self._standing:
            start = parse_lsn(chain.place(entry).start_lsn)
            if last and chain.place(entry).timeline == tip and start > end:
                first = Segment(tip, last.number + 1).name(size)
                return Gap(first, f"the archive ends at {show_lsn(end)}, and {entry.id} begins at {show_lsn(start)}")
        return None

    def _told(self, name: str, gaps: list[Gap], after: Entry | None) -> Iterator[Finding]:
        """Tell of gaps: as an error at first, and for good as long as no backup leads on after them; once for all timelines."""
        for gap in gaps:
            if after and gap.first in self.gaps:
                continue
            known = self._before.gaps.get(gap.first)
            self.gaps[gap.first] = known or datetime.now(UTC)
            if after is None:
                yield Finding(name, "", f"{gap.says}: nothing later can be recovered from before it; {NEW_BASE}")
                continue
            until = f"no moment from there to {moments.exact(chain.place(after).consistent_at)} can be reached; {after.id} leads on"
            yield Finding(name, f"{gap.says}: {until}", None if known else f"{gap.says}: {until}")

    def _read(self, name: str, found: Route, *, on: bool = True) -> Finding:
        """Read what was not read yet; ``on``: up to the end, which is remembered.

        Raises:
            WalDamaged: a record is not what was written.
        """
        timeline, newest = found.legs[-1].timeline, _trace(found)
        before = self._before.timelines.get(timeline) if on else None
        if before and found.end < before.end:
            self.found[timeline] = before  # or it would be forgotten that there was more
            return Finding(
                name,
                "",
                f"the archive ends at {show_lsn(found.end)}, and reached {show_lsn(before.end)} on {moments.minute(before.at)}:"
                f" what was committed since is no longer there; {NEW_BASE}",
            )
        if before and not self._everything and before.start <= found.start and before.newest == newest:
            self.found[timeline] = before
            return Finding(name, f"{show_lsn(found.start)} to {show_lsn(before.end)}, all there, read on {moments.minute(before.at)}")
        read = self._unread(found) if on and not self._everything else found.legs
        found.check_headers(self._place.name, read[0].start)
        end = Reader(Route(found.archive, read, found.files), self._programs).prove()
        if on:
            self.found[timeline] = Stretch(start=found.start, end=end, newest=newest, at=datetime.now(UTC))
        return Finding(name, f"{show_lsn(found.start)} to {show_lsn(end)}, read from {show_lsn(read[0].start)} on, as written")

    def _known_damage(self, found: Route) -> int | None:
        """Return the first LSN on the way where damage was found the last time."""
        known = [key.partition(":") for key in self._before.gaps if ":" in key]
        places = [parse_lsn(lsn) for timeline, _, lsn in known if int(timeline) == found.legs[-1].timeline]
        return min((lsn for lsn in places if found.start <= lsn < found.end), default=None)

    def _unread(self, found: Route) -> tuple[Leg, ...]:
        """Return the legs that have to be read: what follows the part that was proved."""
        tip, size = found.legs[-1], found.archive.segment_bytes
        before = self._before.timelines.get(tip.timeline)
        if len(found.legs) == 1 and (lsn := self._known_damage(found)) is not None:
            return (tip._replace(start=max(tip.start, lsn - size)),)  # until there it was read; it may have been mended since
        if before and before.start <= found.start and before.end > tip.start:
            # a record may go on in the segment after, and could not be proved before that was there
            again = before.end - size if before.end % size == 0 else before.end
            return (tip._replace(start=max(tip.start, again)),)
        if len(found.legs) > 1 and (parent := self.found.get(found.legs[-2].timeline)) and parent.start <= found.start:
            last = found.legs[-2]
            begin = found.archive.number(tip.start) * found.archive.segment_bytes  # the segment that both share
            return (last._replace(start=max(last.start, min(begin, parent.end))), tip)
        return found.legs


def _damage(timeline: int, lsn: int) -> str:
    return f"{timeline}:{show_lsn(lsn)}"


def _trace(found: Route) -> str:
    """Return what tells whether anything was written since: the newest file, its size, when and in which inode it was written."""
    if not found.files:
        return ""
    newest = found.files[-1]
    with archive.opened(newest.path) as file:
        seen = os.fstat(file.fileno())
    return f"{newest.path.name} {seen.st_size} {seen.st_mtime_ns} {seen.st_ino}"
