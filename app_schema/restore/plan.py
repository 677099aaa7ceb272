"""Which backup and which WAL bring a cluster to a moment, known before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app_schema import moments
from app_schema.backup import chain, seal
from app_schema.backup.catalogue import Catalogue
from app_schema.errors import BackupUnknown, WalDamaged, WalEnds, WalMissing
from app_schema.physical import archive, memory, route
from app_schema.physical.base import programs_for
from app_schema.physical.layout import WAL, data_of
from app_schema.physical.records import Reader, Transaction
from app_schema.physical.route import Leg, Route
from app_schema.physical.segments import parse_lsn, show_lsn

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.backup.programs import Programs
    from app_schema.physical.archive import Archive
    from app_schema.restore.target import Target
    from app_schema.settings import Settings


@dataclass(frozen=True)
class Plan:
    """How to get there.

    Attributes:
        members: the chain, base first.
        wal: what recovery reads, in the order of the WAL; the first of it a backup brings along.
        timeline: the one to follow.
        stop: the LSN to which the WAL was read and proved.
        last: the last transaction that will be there, None if there is none after the backup's beginning.
        xid: the transaction at which recovery stops, if the target names one.
        skipped: newer backups that would do, were they not damaged.
        needed: the highest value of each setting that the WAL on the way asks of recovery.
    """

    target: Target
    programs: Programs
    members: tuple[Entry, ...]
    wal: Route
    stop: int
    timeline: int
    last: Transaction | None
    xid: int | None = None
    skipped: tuple[Entry, ...] = ()
    needed: dict[str, str] = field(default_factory=dict)

    @property
    def backup(self) -> Entry:
        """The newest of the chain."""
        return self.members[-1]


def plan(settings: Settings, folder: Folder, target: Target) -> Plan:
    """Choose the backup and the timeline for a target, and read the WAL up to it.

    Raises:
        BackupUnknown: no backup was there by then.
        NotSealed: the folder has a key for seals, and nothing proves that the backup was sealed with it.
        WalEnds: the WAL ends before the target, or before where it was known to end.
        WalMissing: a segment on the way is missing.
        WalDamaged: a record on the way is not what was written. Each names the last moment that can be reached.
    """
    catalogue = Catalogue(folder)
    read, _ = catalogue.read()
    entries = catalogue.proved(read)
    if target.backup is not None:
        entry = catalogue.find(target.backup, kinds=chain.KINDS)
        seal.check(folder.seal, entry)
        return _own_end(folder, target, entry, entries)
    if not any(entry.physical for entry in entries) and (left_out := [entry for entry in read if entry.physical]):
        seal.check(folder.seal, left_out[-1])
    # a rescued copy wrote another history on a timeline of its own
    return _Choice(settings, folder, target, [entry for entry in entries if not entry.rescued]).plan()


def _own_end(folder: Folder, target: Target, entry: Entry, entries: list[Entry]) -> Plan:
    place = chain.place(entry)
    own = archive.Archive(data_of(folder, entry) / WAL, place.segment_bytes)
    way = (Leg(place.timeline, parse_lsn(place.start_lsn), parse_lsn(place.stop_lsn)),)
    found = route.find(own, way)
    if found.gap:
        raise WalMissing(f"{found.gap.says}, which {entry.id} was taken with; use another backup")
    programs = programs_for(entry)
    last, reader = None, Reader(found, programs)
    for last in reader.transactions():  # noqa: B007 (the last one is wanted)
        pass
    members = chain.members(entry, entries)
    return Plan(target, programs, members, found, parse_lsn(place.stop_lsn), place.timeline, last, needed=reader.needed)


class _Ends(WalEnds):
    """The WAL of this timeline ends before the target."""

    def __init__(self, timeline: int, last: Transaction | None, message: str) -> None:
        super().__init__(message)
        self.timeline, self.last = timeline, last


@dataclass(frozen=True)
class _Choice:
    settings: Settings
    folder: Folder
    target: Target
    entries: list[Entry]

    def plan(self) -> Plan:
        newest = chain.newest(self.entries, cure=chain.BRING)
        system = chain.place(newest).system_identifier
        candidates = [entry for entry in reversed(chain.good(self.entries)) if chain.place(entry).system_identifier == system]
        wal = self._archive(newest)
        timelines = sorted({*wal.timelines, *(chain.place(entry).timeline for entry in candidates)}, reverse=True)
        alive = [timeline for timeline in timelines if self.target.time is None or self._had_begun(wal, timeline, programs_for(newest))]
        refusal: _Ends | None = None
        for timeline in alive:
            try:
                if found := self._along(timeline, candidates):
                    return found
            except _Ends as ends:
                refusal = refusal or ends
                if self.target.time is not None:
                    break
        if refusal and (found := self._in_between(wal, set(timelines) - set(alive), candidates, refusal)):
            return found
        if refusal:
            raise refusal
        oldest = candidates[-1]
        raise BackupUnknown(
            f"no backup reaches {self.target}: the oldest good one, {oldest.id},"
            f" is consistent from {moments.exact(chain.place(oldest).consistent_at)} on"
        )

    def _along(self, timeline: int, candidates: list[Entry]) -> Plan | None:
        """Return the plan from the nearest backup that leads to this timeline, None if there is none."""
        ways = [(entry, way) for entry in candidates if (way := self._way(entry, timeline))]
        for entry, way in ways:
            if self._is_before(entry, candidates[0]):
                return self._read(entry, timeline, way)
        return self._ended_later(timeline, ways) if self.target.xid is not None else None

    def _ended_later(self, timeline: int, ways: list[tuple[Entry, tuple[Leg, ...]]]) -> Plan | None:
        """Return the plan for a transaction that had begun, or was prepared, before every backup, and ended after one of them."""
        known = None  # what was read from the backup after this one on, and does not hold it
        for entry, way in ways:
            stop = parse_lsn(chain.place(entry).stop_lsn)
            for transaction in Reader(route.find(self._archive(entry), way), programs_for(entry)).transactions():
                if known is not None and transaction.lsn >= known:
                    break
                if transaction.lsn >= stop and self.target.stops_at(transaction):
                    return self._read(entry, timeline, way)
            known = stop
        return None

    def _skipped(self, chosen: Entry) -> tuple[Entry, ...]:
        """Return what is damaged of the backups between the chosen one and the target."""
        system = chain.place(chosen).system_identifier
        mine = [entry for entry in self.entries if entry.kind in chain.KINDS and chain.place(entry).system_identifier == system]
        sound = {entry.id for entry in chain.good(self.entries)}
        return tuple(each for each in mine if each.started > chosen.started and each.id not in sound and self._is_before(each, mine[-1]))

    def _in_between(self, wal: Archive, later: set[int], candidates: list[Entry], ends: _Ends) -> Plan | None:
        """Return a plan for a moment after the last transaction of one timeline and before the first of the next.

        Recovery stops at that first one; what is there then is the same, if the old timeline had nothing after it was left.
        """
        for timeline in sorted(later):
            left = next((switch.lsn for switch in wal.history_of(timeline) if switch.timeline == ends.timeline), 0)
            if ends.last and left > ends.last.lsn:
                try:
                    return self._along(timeline, candidates)
                except _Ends:
                    continue
        return None

    def _archive(self, entry: Entry) -> Archive:
        place = chain.place(entry)
        path = archive.place_of(self.settings, self.folder) / place.system_identifier
        return archive.Archive(path, place.segment_bytes, (data_of(self.folder, entry) / WAL,))

    def _way(self, entry: Entry, timeline: int) -> tuple[Leg, ...] | None:
        place = chain.place(entry)
        way = route.legs(self._archive(entry), parse_lsn(place.start_lsn), place.timeline, timeline)
        if way and way[0].end is not None and parse_lsn(place.stop_lsn) > way[0].end:
            return None  # the timeline was left before the backup was consistent
        return way

    def _is_before(self, entry: Entry, newest: Entry) -> bool:
        """Whether a backup was consistent before the target."""
        place = chain.place(entry)
        if self.target.time is not None:
            return place.consistent_at <= self.target.time
        if self.target.xid is not None:
            return place.next_xid <= _with_epoch(self.target.xid, chain.place(newest).next_xid)
        return True

    def _had_begun(self, wal: Archive, timeline: int, programs: Programs) -> bool:
        """Whether anything had happened on a timeline by the target's time; until then the one before it was alive."""
        history = wal.history_of(timeline)
        if not history:
            return True
        found = route.find(wal, (Leg(timeline, history[-1].lsn, None),))
        first = next(Reader(found, programs).transactions(), None)
        if first is None and found.gap:
            raise WalMissing(f"{found.gap.says}: whether timeline {timeline} had begun by {self.target} cannot be told")
        return first is not None and self.target.time is not None and first.time <= self.target.time

    def _read(self, entry: Entry, timeline: int, way: tuple[Leg, ...]) -> Plan:
        programs = programs_for(entry)
        found = route.find(self._archive(entry), way)
        reader = Reader(found, programs)
        last = stop = None
        try:
            for transaction in reader.transactions():
                if self.target.stops_at(transaction):
                    stop = transaction
                    break
                last = transaction
        except WalDamaged as damage:
            raise WalDamaged(f"{damage}; {_reachable(last, entry)}", damage.lsn) from None
        if stop is None and found.gap:
            raise WalMissing(f"{found.gap.says}; {_reachable(last, entry)}")
        known = memory.recall(self.folder, chain.place(entry).system_identifier).timelines.get(timeline)
        if stop is None and known and reader.end < known.end:
            raise WalEnds(
                f"the WAL of timeline {timeline} ends at {show_lsn(reader.end)}, and reached {show_lsn(known.end)}"
                f" on {moments.minute(known.at)}: what was committed since is no longer there; {_reachable(last, entry)}"
            )
        if stop is None and (self.target.time or self.target.xid is not None):
            raise _Ends(
                timeline,
                last,
                f"the WAL of timeline {timeline} ends at {show_lsn(reader.end)} and does not reach {self.target}: "
                + (f"its last transaction, {last.xid}, ended {moments.exact(last.time)}" if last else "there is no transaction in it")
                + "; restore to latest for the end of it",
            )
        reached = stop.lsn if stop else reader.end
        if stop and self.target.includes_stop:
            last = stop
        xid = stop.xid if stop and self.target.xid is not None else None
        members, skipped = chain.members(entry, self.entries), self._skipped(entry)
        return Plan(self.target, programs, members, found, reached, timeline, last, xid, skipped, reader.needed)


def _reachable(last: Transaction | None, entry: Entry) -> str:
    """Say how to restore as much as there is before a gap."""
    if last is None:
        return f"--backup {entry.id} restores what was there when it was taken"
    return f"--target-xid {last.xid} restores what there is before that, up to {moments.exact(last.time)}"


def _with_epoch(xid: int, newest: int) -> int:
    """Return a 32-bit transaction id with the epoch in which it was given out, at most a round before ``newest``."""
    if xid >> 32:
        return xid
    epoch = newest >> 32
    return (epoch << 32) + xid if epoch == 0 or xid <= (newest & 0xFFFFFFFF) + (1 << 31) else ((epoch - 1) << 32) + xid
