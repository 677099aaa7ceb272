"""``backup verify`` for clusters: every member of every chain, and all WAL that the window stands on, across timelines."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup import chain, window
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import Verification
from app_schema.errors import BackupDamaged, WalMissing
from app_schema.physical import archive, memory, route
from app_schema.physical.base import programs_for
from app_schema.physical.layout import WAL, check_manifest, data_of
from app_schema.physical.memory import Stretch
from app_schema.physical.proof import prove
from app_schema.physical.records import Reader
from app_schema.physical.route import Leg, Route
from app_schema.physical.segments import parse_lsn, show_lsn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.backup.programs import Programs
    from app_schema.physical.archive import Archive
    from app_schema.settings import Settings


class Finding(NamedTuple):
    """What was looked at, and either what is well or what is wrong."""

    name: str
    note: str
    error: str | None = None


def verify(
    settings: Settings, folder: Folder, entries: Collection[Entry], *, everything: bool = False, report: Callable[[int], None] | None = None
) -> Iterator[Finding]:
    """Prove backups and their parents, and the WAL of their clusters, and note in the catalogue what was found.

    What was proved before is not read again, but everything must still be there in its size.

    Args:
        settings: where the WAL is, and the length of the window.
        folder: the backups.
        entries: those to look at; their parents are looked at, too.
        everything: read also what was proved before.
        report: is told of the bytes of each backup.
    """
    catalogue = Catalogue(folder)
    known = {entry.id: entry for entry in catalogue.read()[0] if entry.kind in chain.KINDS}
    wanted: set[str] = set()
    for entry in entries:
        while (entry_id := entry.id) not in wanted:
            wanted.add(entry_id)
            entry = known.get(chain.place(entry).parent or "", entry)  # noqa: PLW2901 (up the chain)
    bad: set[str] = set()
    for entry in (entry for entry in known.values() if entry.id in wanted):
        finding = _look(catalogue, entry, known, bad, everything=everything)
        if finding.error:
            bad.add(entry.id)
        if report:
            report(entry.size)
        yield finding
    good = [entry for entry in known.values() if entry.id not in bad]
    for system in sorted({chain.place(entry).system_identifier for entry in entries}):
        yield from _verify_wal(settings, folder, system, good, everything=everything)


def _look(catalogue: Catalogue, entry: Entry, known: dict[str, Entry], bad: set[str], *, everything: bool) -> Finding:
    parent = chain.place(entry).parent
    again = bool(entry.verified) and entry.verified[-1].error is None and not everything
    error = None
    try:
        if parent is not None and parent not in known:
            raise BackupDamaged(f"{entry.id} adds to {parent}, which is missing: the chain is broken; use another one")  # noqa: TRY301
        if again:
            _glance(catalogue.folder, entry)
        else:
            prove(catalogue.folder, entry, programs_for(entry))
        if parent in bad:
            raise BackupDamaged(f"{entry.id} adds to {parent}, which is damaged; use another chain")  # noqa: TRY301
    except BackupDamaged as damage:
        error = str(damage)
    if error or not again:
        seen = Verification(at=datetime.now(UTC), error=error)
        catalogue.amend(entry.id, lambda now: now.model_copy(update={"verified": (*now.verified, seen)}))
    return Finding(entry.id, f"all there, read on {entry.verified[-1].at:%Y-%m-%d}" if again else "as written", error)


def _glance(folder: Folder, entry: Entry) -> None:
    """Whether everything is there in its size.

    Raises:
        BackupDamaged: it is not.
    """
    data = data_of(folder, entry)
    for file in json.loads(check_manifest(folder, entry))["Files"]:
        name = file["Path"] if "Path" in file else bytes.fromhex(file["Encoded-Path"]).decode(errors="surrogateescape")
        path = f"{data}/{name}"
        try:
            size = os.stat(path).st_size  # noqa: PTH116 (there are thousands of them, and a Path costs more than the look)
        except OSError as error:
            raise BackupDamaged(f"{path} cannot be read: {error.strerror}; use another chain") from None
        if size != file["Size"]:
            raise BackupDamaged(f"{path} is damaged: {file['Size']:,} bytes were written, {size:,} are there; use another chain")
    place = chain.place(entry)
    own = archive.Archive(data / WAL, place.segment_bytes)
    stop = parse_lsn(place.stop_lsn)
    if route.find(own, (Leg(place.timeline, parse_lsn(place.start_lsn), stop),)).end < stop:
        raise BackupDamaged(f"{data / WAL} lacks WAL that {entry.id} was taken with; use another chain")


def _verify_wal(settings: Settings, folder: Folder, system: str, good: list[Entry], *, everything: bool) -> Iterator[Finding]:
    mine = [entry for entry in good if chain.place(entry).system_identifier == system]
    standing = window.reaching(mine, timedelta(days=settings.backup_window_days), datetime.now(UTC))
    if not standing:
        return
    place = archive.place_of(settings, folder) / system
    proved = memory.recall(folder, system).timelines
    look = _Wal(place, folder, standing, {} if everything else proved)
    yield from look.findings()
    memory.note(folder, system, memory.Memory(timelines=look.found))


class _Wal:
    """The WAL of one cluster, timeline by timeline; each only from where the one before it was left."""

    def __init__(self, place: Path, folder: Folder, standing: list[Entry], proved: dict[int, Stretch]) -> None:
        self._place, self._folder, self._standing, self._proved = place, folder, standing, proved
        self.found: dict[int, Stretch] = {}

    @cached_property
    def _programs(self) -> Programs:
        return programs_for(self._standing[-1])

    def findings(self) -> Iterator[Finding]:
        plain = self._archive(None)
        if not plain.segments:
            yield Finding("WAL", "none is archived, so that backups can be restored to their own ends only: run app-schema backup wal")
            return
        oldest = min(chain.place(entry).timeline for entry in self._standing)
        for timeline in sorted(timeline for timeline in plain.timelines if timeline >= oldest):
            yield from self._look(timeline)

    def _archive(self, entry: Entry | None) -> Archive:
        beside = (data_of(self._folder, entry) / WAL,) if entry else ()
        return archive.Archive(self._place, chain.place(self._standing[0]).segment_bytes, beside)

    def _look(self, timeline: int) -> Iterator[Finding]:
        """Read the WAL from the oldest backup that it connects to; a hole before the next one is one finding."""
        name = f"WAL of timeline {timeline}"
        said: set[str] = set()
        for entry in self._standing:
            place = chain.place(entry)
            wal = self._archive(entry)
            way = route.legs(wal, parse_lsn(place.start_lsn), place.timeline, timeline)
            if way is None:
                continue
            try:
                found = route.find(wal, way)
            except WalMissing as hole:
                if str(hole) not in said:
                    yield Finding(name, "", str(hole))
                said.add(str(hole))
                continue
            yield self._read(name, found)
            return
        if not said:
            yield Finding(name, "", "no backup leads there: take a new base with app-schema backup base")

    def _read(self, name: str, found: Route) -> Finding:
        timeline, newest = found.legs[-1].timeline, _trace(found)
        before = self._proved.get(timeline)
        if before and before.start <= found.start and before.newest == newest:
            self.found[timeline] = before
            return Finding(name, f"{show_lsn(found.start)} to {show_lsn(before.end)}, all there, read on {before.at:%Y-%m-%d}")
        try:
            read = self._unread(found)
            found.check_headers(self._place.name, read[0].start)
            end = Reader(Route(found.archive, read, found.files), self._programs).prove()
        except BackupDamaged as damage:
            return Finding(name, "", str(damage))
        self.found[timeline] = Stretch(start=found.start, end=end, newest=newest, at=datetime.now(UTC))
        return Finding(name, f"{show_lsn(found.start)} to {show_lsn(end)}, read from {show_lsn(read[0].start)} on, as written")

    def _unread(self, found: Route) -> tuple[Leg, ...]:
        """Return the legs that have to be read: what follows the part that was proved."""
        tip = found.legs[-1]
        before = self._proved.get(tip.timeline)
        if before and before.start <= found.start and before.end > tip.start:
            size = found.archive.segment_bytes
            # a record may go on in the segment after, and could not be proved before that was there
            again = before.end - size if before.end % size == 0 else before.end
            return (tip._replace(start=max(tip.start, again)),)
        if len(found.legs) > 1 and (parent := self.found.get(found.legs[-2].timeline)) and parent.start <= found.start:
            last = found.legs[-2]
            begin = found.archive.number(tip.start) * found.archive.segment_bytes  # the segment that both share
            return (last._replace(start=max(last.start, min(begin, parent.end))), tip)
        return found.legs


def _trace(found: Route) -> str:
    """Return what tells whether anything was written since: the newest file, its size, when and in which inode it was written."""
    file = found.files[-1].path
    seen = file.stat()
    return f"{file.name} {seen.st_size} {seen.st_mtime_ns} {seen.st_ino}"
