"""All WAL that the window stands on, across timelines: without a gap, as written, and not less than it was."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from app_schema import moments
from app_schema.backup import chain, weekly
from app_schema.errors import WalDamaged
from app_schema.physical import archive, route, tail
from app_schema.physical.base import programs_for
from app_schema.physical.finding import Finding
from app_schema.physical.layout import WAL, data_of
from app_schema.physical.memory import Memory, Stretch
from app_schema.physical.records import Reader
from app_schema.physical.route import NEW_BASE, Gap, Leg, Route
from app_schema.physical.segments import Header, Segment, parse_lsn, show_lsn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.backup.programs import Programs
    from app_schema.physical.archive import Archive

SLACK = 2 * tail.PAGE  # bytes; what is left of a record is counted without the headers of the pages that it goes through


class Wal:
    """The WAL of one cluster, timeline by timeline; each only from where the one before it was left."""

    def __init__(  # noqa: PLR0913 (an argument each question)
        self, place: Path, folder: Folder, standing: list[Entry], before: Memory, now: datetime, *, everything: bool
    ) -> None:
        self._place, self._folder, self._standing, self._before, self._everything = place, folder, standing, before, everything
        self._now = now
        self.found: dict[int, Stretch] = {}
        self.gaps: dict[str, datetime] = {}

    @cached_property
    def _days(self) -> frozenset[int]:
        """Whose segments are to be read again: see :mod:`.weekly`."""
        looked = self._before.looked or max((stretch.at for stretch in self._before.timelines.values()), default=None)
        return weekly.begun(looked, self._now) if looked else frozenset()

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
                    if found.files:
                        yield from self._read_before(name, found, gap)
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
        """Tell of gaps, each time as long as the window reaches back to them; once for all timelines where a backup leads on."""
        for gap in gaps:
            if after and gap.first in self.gaps:
                continue
            if after and self._is_before_archive(gap):
                yield Finding(name, f"{gap.says}, for archiving began later; {after.id} leads on")
                continue
            self.gaps[gap.first] = self._before.gaps.get(gap.first, self._now)
            if after is None:
                yield Finding(name, "", f"{gap.says}: nothing later can be recovered from before it; {NEW_BASE}")
                continue
            until = f"no moment from there to {moments.exact(chain.place(after).consistent_at)} can be reached; {after.id} leads on"
            yield Finding(name, "", f"{gap.says}: {until}")

    def _is_before_archive(self, gap: Gap) -> bool:
        """Whether what is missing was never there, as far as is known: it comes before all that was archived of its timeline."""
        archived = self._archive(None)
        missing = Segment.parse(gap.first, archived.segment_bytes)
        if missing is None or gap.first in self._before.gaps:
            return False
        begin = min((segment for segment in archived.segments if segment.timeline == missing.timeline), default=missing)
        known = self._before.timelines.get(missing.timeline)
        return missing < begin and (known is None or archived.number(known.start) >= begin.number)

    def _read_before(self, name: str, found: Route, gap: Gap) -> Iterator[Finding]:
        """Read what lies before a gap: all of it when the gap is news, then what is due.

        Raises:
            WalDamaged: a record is not what was written.
        """
        known = gap.first in self._before.gaps and not self._everything
        read = self._due(found, found.end) if known else found.legs
        if read:
            yield Finding(name, f"{show_lsn(found.start)} to {show_lsn(self._prove(found, read))}, read before the gap, as written")

    def _read(self, name: str, found: Route) -> Finding:
        """Read up to the end what was not read yet and what is due, and remember it.

        Raises:
            WalDamaged: a record is not what was written.
        """
        timeline, newest = found.legs[-1].timeline, _trace(found)
        before = self._before.timelines.get(timeline)
        if before and found.end < before.end:
            self.found[timeline] = before  # or it would be forgotten that there was more
            return Finding(
                name,
                "",
                f"the archive ends at {show_lsn(found.end)}, and reached {show_lsn(before.end)} on {moments.minute(before.at)}:"
                f" what was committed since is no longer there; {NEW_BASE}",
            )
        last_is_due = before is not None and self._is_due(found.archive.number(before.end))
        if before and not self._everything and not last_is_due and before.start <= found.start and before.newest == newest:
            again = self._due(found, before.end)
            if again:
                self._prove(found, again)
            self.found[timeline] = before.model_copy(update={"start": found.start})  # what lies before that is not read any more
            says = f"{show_lsn(found.start)} to {show_lsn(before.end)}, all there, read on {moments.minute(before.at)}"
            return Finding(name, f"{says}{self._again(again)}")
        read = found.legs if self._everything else self._unread(found)
        again = () if self._everything else self._due(found, read[0].start)
        end = self._prove(found, (*again, *read))
        self.found[timeline] = Stretch(start=found.start, end=end, newest=newest, at=self._now)
        says = f"{show_lsn(found.start)} to {show_lsn(end)}, read from {show_lsn(read[0].start)} on"
        return Finding(name, f"{says}{self._again(again)}, as written")

    def _prove(self, found: Route, read: tuple[Leg, ...]) -> int:
        found.check_headers(self._place.name, read[0].start)
        return Reader(Route(found.archive, read, found.files), self._programs).prove()

    @staticmethod
    def _again(read: tuple[Leg, ...]) -> str:
        return f", {len(read)} segment{'s' * (len(read) > 1)} of it again today" if read else ""

    def _due(self, found: Route, until: int) -> tuple[Leg, ...]:
        """Return what of the last leg, up to an LSN, is to be read again now: segments, each with the end of its last record.

        What a timeline shares with the one before it is read with that one.
        """
        tip, size = found.legs[-1], found.archive.segment_bytes
        if not self._days:
            return ()
        begins, ends, last = [tip.start], [], found.archive.number(until)  # a part of a segment may hold no whole record
        for number in range(found.archive.number(tip.start) + 1, last + 1):
            left = _continued(found, number)
            if left <= size // 2 or number == last:  # else the segment is read with the one before it, where its record begins
                begins.append(number * size)
                ends.append(min(number * size + left + left // 64 + SLACK, until))
        legs = (Leg(tip.timeline, begin, end) for begin, end in zip(begins, ends, strict=False))
        return tuple(leg for leg in legs if self._is_due(found.archive.number(leg.start)))

    def _is_due(self, number: int) -> bool:
        return number % weekly.DAYS in self._days

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
            begin = found.archive.number(max(0, lsn - size)) * size
            return (tip._replace(start=max(tip.start, begin)),)  # until there it was read; it may have been mended since
        if before and before.start <= found.start and before.end > tip.start:
            # a record may go on in the segment after, and could not be proved before that was there
            begin = found.archive.number(before.end) * size
            again = begin - size if before.end == begin else begin if self._is_due(begin // size) else before.end
            return (tip._replace(start=max(tip.start, again)),)
        if len(found.legs) > 1 and (parent := self.found.get(found.legs[-2].timeline)) and parent.start <= found.start:
            last = found.legs[-2]
            begin = found.archive.number(tip.start) * found.archive.segment_bytes  # the segment that both share
            return (last._replace(start=max(last.start, min(begin, parent.end))), tip)
        return found.legs


def _damage(timeline: int, lsn: int) -> str:
    return f"{timeline}:{show_lsn(lsn)}"


def _continued(found: Route, number: int) -> int:
    """Return how many bytes of a record that began before a segment are left in it, or after it; a header that cannot be read has 0."""
    file = found.stored(number)
    if file is None:
        return 0
    with archive.opened(file.path) as source:
        header = Header.read(source)
    return header.continued if header else 0


def _trace(found: Route) -> str:
    """Return what tells whether anything was written since: the newest file, its size, when and in which inode it was written."""
    if not found.files:
        return ""
    newest = found.files[-1]
    with archive.opened(newest.path) as file:
        seen = os.fstat(file.fileno())
    return f"{newest.path.name} {seen.st_size} {seen.st_mtime_ns} {seen.st_ino}"
