"""WAL that nothing needs any more: what is older than all that the window stands on."""

from __future__ import annotations

import fcntl
import os
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup import chain, window
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import PRUNE_OR_FETCH
from app_schema.physical import archive
from app_schema.physical.segments import Segment, parse_lsn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.settings import Settings


class Expired(NamedTuple):
    """What of a cluster's WAL goes, and why the rest stays."""

    system_identifier: str
    names: tuple[str, ...]
    bytes: int
    reason: str


def unneeded(segments: Iterable[Segment], standing: Collection[Entry]) -> list[Segment]:
    """Return the segments that none of the backups ``standing`` needs to be restored to any later moment; a pure function.

    A backup needs all WAL from its beginning on, on its timeline and on those that come after it. Without any
    backup nobody knows what the WAL is good for, and it stays.
    """
    if not standing:
        return []
    begins = [
        Segment(place.timeline, parse_lsn(place.start_lsn) // place.segment_bytes) for place in (chain.place(entry) for entry in standing)
    ]
    return [
        segment
        for segment in segments
        if not any(begin.timeline <= segment.timeline and begin.number <= segment.number for begin in begins)
    ]


def expire(settings: Settings, folder: Folder, kept: Collection[Entry] | None = None, *, dry_run: bool = False) -> list[Expired]:
    """Remove the WAL that nothing needs; a base older than the window brings along what it needs to be restored to its own end.

    Args:
        settings: the window, and where the archive is.
        folder: the backups.
        kept: the backups that stay, if it is not what is in the catalogue.
        dry_run: only return what would go.

    Raises:
        BackupBusy: another prune or fetch in this folder did not end in time.
    """
    with nullcontext() if dry_run else folder.alone(PRUNE_OR_FETCH):
        return _expire(settings, folder, kept, dry_run=dry_run)


def _expire(settings: Settings, folder: Folder, kept: Collection[Entry] | None, *, dry_run: bool) -> list[Expired]:
    catalogue = Catalogue(folder)
    entries, problems = catalogue.read()
    unread = [problem.file for problem in problems if problem.file.endswith(".json") and problem.file.split("-")[1] in chain.KINDS]
    entries = entries if kept is None else list(kept)
    now = datetime.now(UTC)
    days = timedelta(days=settings.backup_window_days)
    # what is not proved keeps what it needs, and takes nothing from what is
    reaching = {each.id: each for group in (entries, catalogue.proved(entries)) for each in window.reaching(group, days, now)}
    standing = sorted(reaching.values(), key=lambda entry: (entry.started, entry.id))
    found = []
    for place in archive.clusters(settings, folder):
        mine = [entry for entry in standing if chain.place(entry).system_identifier == place.name]
        if not mine:
            found.append(Expired(place.name, (), 0, "there is no good base backup of this cluster: all its WAL is kept"))
            continue
        if unread:
            found.append(Expired(place.name, (), 0, f"{unread[0]} cannot be read and may need it: all its WAL is kept"))
            continue
        sizes = {chain.place(entry).segment_bytes for entry in catalogue.proved(mine) or mine}
        if len(sizes) > 1:  # a cluster has one
            found.append(Expired(place.name, (), 0, "its backups name several sizes of WAL segments: all its WAL is kept"))
            continue
        wal = archive.Archive(place, sizes.pop())
        goes = set(unneeded(wal.segments, mine))
        names = [name for name in sorted(wal.files) if Segment.parse(name, wal.segment_bytes) in goes]
        size = sum(wal.files[name].stat().st_size for name in names)
        reason = f"{mine[0].id} needs what is kept"
        if names and not dry_run and not _remove(wal, names):
            names, size, reason = [], 0, "somebody reads it just now"
        found.append(Expired(place.name, tuple(names), size, reason))
    return found


def _remove(wal: archive.Archive, names: list[str]) -> bool:
    handle = os.open(wal.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in names:  # oldest first: whoever dies in between leaves no hole
            wal.files[name].unlink()
        for aside in wal.path.glob("*/"):
            if archive.is_own_folder(aside) and not any(aside.iterdir()):
                aside.rmdir()
        os.fsync(handle)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
