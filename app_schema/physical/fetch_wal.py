"""The way back of WAL: segments and histories from the bucket into the archive, each whole or not at all."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup import seal
from app_schema.backup.fetch import ANOTHER, InTheWay, check_room
from app_schema.backup.folder import Folder
from app_schema.backup.names import SYSTEM
from app_schema.backup.seal import NotSealed
from app_schema.backup.stream import HashedWriter
from app_schema.errors import BackupDamaged, BackupFolderUnsuitable
from app_schema.physical import archive
from app_schema.physical.elsewhere import TAIL, sealed_wal
from app_schema.physical.segments import HISTORY, Header, Segment, parse_lsn
from app_schema.physical.transfer import ENCRYPTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from app_schema.backup.copies import Copies, Stored
    from app_schema.backup.holding import Physical
    from app_schema.physical.transfer import Transfer

NAME = re.compile(rf"((?:[0-9A-F]{{24}})|(?:[0-9A-F]{{8}}\.history))({ENCRYPTED}|)")
TAIL_NAME = re.compile(rf"{re.escape(TAIL)}({ENCRYPTED}|)")
AT_ONCE = 4  # each is small: most of its time is the way there, and gpg's stretching of the passphrase


class FetchedWal(NamedTuple):
    """What was fetched, and what was there already.

    Attributes:
        strange: objects among the WAL that are none; they stay in the bucket.
    """

    system_identifier: str
    fetched: int
    there: int
    strange: tuple[str, ...]


class Archived(NamedTuple):
    """The WAL of a cluster in the bucket: how many files, ``here`` of them in the archive, and when the last was sent."""

    system_identifier: str
    files: int
    bytes: int
    here: int
    modified: datetime


def archived(copies: Copies, place: Path) -> list[Archived]:
    """Return the WAL that the bucket holds, cluster by cluster; ``place`` holds the archives of all.

    Raises:
        FetchFailed: the bucket cannot be listed.
    """
    clusters: dict[str, list[Stored]] = {}
    for stored in copies.beneath(f"{archive.WAL}/").values():
        system, _, name = stored.name.partition("/")
        if SYSTEM.fullmatch(system) and (match := NAME.fullmatch(name)):
            clusters.setdefault(system, []).append(stored._replace(name=match[1]))
    found = []
    for system, files in sorted(clusters.items()):
        here = {path.name for path in (place / system).rglob("*")}
        names = {stored.name for stored in files}
        size, newest = sum(stored.bytes for stored in files), max(stored.modified for stored in files)
        found.append(Archived(system, len(names), size, len(names & here), newest))
    return found


@dataclass(frozen=True)
class Wal:
    """All WAL of a cluster from the beginning of ``base`` on, of all timelines, and the histories."""

    transfer: Transfer
    base: Physical

    @property
    def bytes(self) -> int:
        """How many are not in the archive."""
        return sum(stored.bytes for stored, _ in self._wanted.values()) + (self._tail[0].bytes if self._tail else 0)

    def check(self, beside: int) -> None:
        """Whether it can be fetched: the keys, the files that are there, and room for it, ``beside`` other bytes on the same disk.

        Raises:
            BackupError: there is no room.
            EncryptionError: a key is not set or cannot be used.
            InTheWay: a file is there and is not as long as it must be.
        """
        for _, suffix in (*self._wanted.values(), *([self._tail] if self._tail else ())):
            self.transfer.cipher(suffix)
        same = self._place.stat().st_dev == self.transfer.folder.path.stat().st_dev
        check_room(self._place, self.bytes + (beside if same else 0))

    def fetch(self, report: Callable[[int], None] | None = None) -> FetchedWal:
        """Bring what is missing, oldest first.

        Raises:
            BackupDamaged: an object is no segment of this cluster, or not the one that its name says.
            BackupError: the disk is full.
            EncryptionError: it was encrypted with another key.
            FetchFailed: the storage cannot be reached or refused.
        """
        place = Folder(self._place)
        for path in place.abandoned():
            path.unlink(missing_ok=True)
        with self.transfer.folder.using(str(self._place)), ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for _ in pool.map(lambda name: self._bring(place, name, report), sorted(self._wanted)):
                    pass
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        tail = self._bring_tail(place, report)
        place.sync()
        there = len(self._listed) - len(self._wanted)
        return FetchedWal(self.base.system_identifier, len(self._wanted) + tail, there, self._strange)

    def _bring_tail(self, place: Folder, report: Callable[[int], None] | None) -> bool:
        """Bring what was sent of the unfinished segment, unless there is more of it here; return whether it came."""
        if self._tail is None:
            return False
        stored, suffix = self._tail
        objects, size = [f"{self._beneath}{stored.name}"], self.base.segment_bytes
        with place.draft(TAIL) as draft, place.writing(draft.path):
            writer = HashedWriter(draft.file)
            self.transfer.copy(objects, suffix, writer, report, threads=False)
            self._check_seal(objects[0], TAIL, writer.sha256)
            draft.file.flush()
            header = Header.read(draft.file)
            if header is None or header.system_identifier != self.base.system_identifier or writer.bytes > size:
                raise BackupDamaged(f"{self.transfer.copies.url}/{objects[0]} is no segment of this cluster; {ANOTHER}")
            name = Segment(header.timeline, header.address // size).name(size)
            here = archive.Archive(self._place, size).files
            if name in here or f"{name}{archive.PARTIAL}" in here:
                return False
            os.ftruncate(draft.file.fileno(), size)
            os.fsync(draft.file.fileno())
            os.link(draft.path, self._place / f"{name}{archive.PARTIAL}")
        return True

    def _bring(self, place: Folder, name: str, report: Callable[[int], None] | None) -> None:
        stored, suffix = self._wanted[name]
        objects = [f"{self._beneath}{stored.name}"]
        with place.draft(name) as draft, place.writing(draft.path):
            writer = HashedWriter(draft.file)
            self.transfer.copy(objects, suffix, writer, report, threads=False)
            self._check_seal(objects[0], name, writer.sha256)
            if wrong := self._wrong(name, draft.file, writer.bytes):
                raise BackupDamaged(f"{self.transfer.copies.url}/{objects[0]} is damaged: {wrong}; {ANOTHER}")
            os.fsync(draft.file.fileno())
            try:
                os.link(draft.path, self._place / name)
            except FileExistsError:  # a receiver or the server has just written it
                return

    def _check_seal(self, stored: str, name: str, digest: str) -> None:
        """Refuse WAL that nothing proves, if there is a key: recovery does whatever it says.

        Raises:
            NotSealed: it was sent without that key, or is not what was sent.
        """
        copies, system = self.transfer.copies, self.base.system_identifier
        if copies.seal and (why := copies.seal.wrong(seal.WAL, sealed_wal(system, name, digest), copies.seal_of(stored))):
            raise NotSealed(f"{copies.url}/{stored} {why}, so anybody could have written it: give --unsealed if you know that nobody did")

    def _wrong(self, name: str, file: BinaryIO, size: int) -> str:
        segment = Segment.parse(name, self.base.segment_bytes)
        if segment is None:
            return "" if HISTORY.fullmatch(name) and size else "it is empty"
        if size != self.base.segment_bytes:
            return f"it holds {size:,} bytes, and a segment of WAL has {self.base.segment_bytes:,}"
        header = Header.read(file)
        there = segment.number * self.base.segment_bytes
        if header is None or header.system_identifier != self.base.system_identifier or header.address != there:
            return "it is another segment, or of another cluster"
        return ""

    @property
    def _beneath(self) -> str:
        return f"{archive.WAL}/{self.base.system_identifier}/"

    @cached_property
    def _place(self) -> Path:
        place = archive.place_of(self.transfer.settings, self.transfer.folder) / self.base.system_identifier
        try:
            place.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise BackupFolderUnsuitable(f"the archive {place} cannot be made: {error.strerror}; set APP_SCHEMA_BACKUP_WAL_DIR") from None
        if not archive.is_own_folder(place):
            raise BackupFolderUnsuitable(f"the archive {place} is a link: remove it, or set APP_SCHEMA_BACKUP_WAL_DIR to where it leads")
        return place

    @cached_property
    def _objects(self) -> dict[str, Stored]:
        return self.transfer.copies.beneath(self._beneath)

    @cached_property
    def _strange(self) -> tuple[str, ...]:
        return tuple(name for name in sorted(self._objects) if name and not NAME.fullmatch(name) and not TAIL_NAME.fullmatch(name))

    @cached_property
    def _tail(self) -> tuple[Stored, str] | None:
        found = [(stored, match[1]) for stored in self._objects.values() if (match := TAIL_NAME.fullmatch(stored.name))]
        return max(found, key=lambda each: each[0].modified, default=None)

    @cached_property
    def _listed(self) -> dict[str, tuple[Stored, str]]:
        """What recovery from the base may need, by name in clear; of one that was sent twice, the newer."""
        found: dict[str, tuple[Stored, str]] = {}
        first = parse_lsn(self.base.start_lsn) // self.base.segment_bytes
        for stored in self._objects.values():
            match = NAME.fullmatch(stored.name)
            segment = Segment.parse(match[1], self.base.segment_bytes) if match else None
            if match is None or (segment and (segment.timeline < self.base.timeline or segment.number < first)):
                continue
            if match[1] not in found or found[match[1]][0].modified < stored.modified:
                found[match[1]] = (stored, match[2])
        return found

    @cached_property
    def _wanted(self) -> dict[str, tuple[Stored, str]]:
        """What of it is not in the archive.

        Raises:
            InTheWay: a segment is there and is not as long as it must be.
        """
        there = archive.Archive(self._place, self.base.segment_bytes).files
        for name in sorted(there.keys() & self._listed.keys()):
            size = there[name].stat().st_size
            if not HISTORY.fullmatch(name) and size != self.base.segment_bytes:
                raise InTheWay(
                    f"{there[name]} has {size:,} bytes, and a segment of WAL has {self.base.segment_bytes:,}:"
                    f" move it away and fetch again: mv {there[name]} ELSEWHERE"
                )
        return {name: listed for name, listed in self._listed.items() if name not in there}
