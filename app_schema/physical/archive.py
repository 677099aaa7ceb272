"""The archive of WAL: a folder for each cluster, filled by the receiver or by the server's ``archive_command``."""

from __future__ import annotations

import fcntl
import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app_schema.errors import BackupDamaged, BackupFolderUnsuitable
from app_schema.physical.segments import HISTORY, Segment, Switch, read_history

if TYPE_CHECKING:
    from app_schema.backup.folder import Folder
    from app_schema.settings import Settings

WAL = "wal"
PARTIAL = ".partial"
LOCK = ".receiver.lock"


def place_of(settings: Settings, folder: Folder) -> Path:
    """Return the folder that holds the archives of all clusters.

    Raises:
        BackupFolderUnsuitable: a folder of its own was named and is missing or open to others.
    """
    if settings.backup_wal_dir is None:
        path = folder.path / WAL
        path.mkdir(mode=0o700, exist_ok=True)
        return path
    path = settings.backup_wal_dir.expanduser().absolute()
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise BackupFolderUnsuitable(f"APP_SCHEMA_BACKUP_WAL_DIR={path} cannot be opened: {error.strerror}") from None
    if not stat.S_ISDIR(mode) or mode & 0o027:
        raise BackupFolderUnsuitable(
            f"APP_SCHEMA_BACKUP_WAL_DIR={path} is no folder, or others may write or read it; close it with: chmod 750 {path}"
        )
    return path


def clusters(settings: Settings, folder: Folder) -> list[Path]:
    """Return the archives of all clusters: folders, and no links to others."""
    return sorted(path for path in place_of(settings, folder).glob("[0-9]*") if is_own_folder(path))


def is_own_folder(path: Path) -> bool:
    """Whether it is a folder itself: another account may write in an archive, and could have placed a link to what is not its own."""
    return path.is_dir() and not path.is_symlink()


def is_attended(place: Path) -> bool:
    """Whether a receiver of ours runs for an archive, connected or not."""
    try:
        handle = os.open(place / LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def opened(path: Path) -> BinaryIO:
    """Open a file of WAL, under its final name if its segment was finished in the meantime.

    Raises:
        BackupDamaged: it is a folder, a pipe or a link.
    """
    # another account may write in the archive, and could have placed a link to what is not its own, or a pipe that nobody fills
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        if path.suffix != PARTIAL:
            raise
        handle = os.open(path.with_suffix(""), flags)
    except OSError as error:
        raise BackupDamaged(f"{path} cannot be read: {error.strerror}; remove what somebody put there") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise BackupDamaged(f"{path} is no file; remove what somebody put there")
    return open(handle, "rb")  # noqa: PTH123 (Path cannot open a handle)


@dataclass(frozen=True)
class Archive:
    """The WAL of one cluster, as it was when this was made; each file is looked for once.

    Attributes:
        path: its folder; what a lost slot has cut off lies in folders beneath it.
        segment_bytes: the size of its segments.
        beside: folders that hold WAL of the same cluster too: what a base backup has brought along.
    """

    path: Path
    segment_bytes: int
    beside: tuple[Path, ...] = ()

    @cached_property
    def files(self) -> dict[str, Path]:
        """Segments, unfinished ones and histories, by name; regular files only, since another account may write here."""
        found: dict[str, Path] = {}
        for folder in (self.path, *sorted(self.path.glob("*/"), reverse=True), *self.beside):
            if not is_own_folder(folder):
                continue
            for entry in os.scandir(folder):
                known = Segment.parse(entry.name, self.segment_bytes) or HISTORY.fullmatch(entry.name)
                if known and entry.is_file(follow_symlinks=False):
                    found.setdefault(entry.name, Path(entry.path))
        return found

    def file_of(self, segment: Segment) -> Path:
        """Return the file of one of :attr:`segments`, the unfinished one if it has no other."""
        name = segment.name(self.segment_bytes)
        return self.files.get(name) or self.files[f"{name}{PARTIAL}"]

    def whole(self, name: str) -> Path | None:
        """Return the file of a whole segment; one that was finished while the folder was listed may not have been seen then."""
        path = self.files.get(name, self.path / name)
        return path if name in self.files or (path.is_file() and not path.is_symlink()) else None

    @cached_property
    def histories(self) -> dict[int, tuple[Switch, ...]]:
        """By timeline, those before it."""
        found = {}
        for name, path in self.files.items():
            if match := HISTORY.fullmatch(name):
                found[int(match[1], 16)] = read_history(path.read_text(encoding="utf-8", errors="replace"))
        return found

    @cached_property
    def timelines(self) -> tuple[int, ...]:
        """All that there is WAL of, newest first."""
        return tuple(sorted({segment.timeline for segment in self.segments} | set(self.histories), reverse=True))

    @cached_property
    def segments(self) -> set[Segment]:
        """All segments, unfinished ones too."""
        return {segment for name in self.files if (segment := Segment.parse(name, self.segment_bytes))}

    def number(self, lsn: int) -> int:
        """Return the number of the segment that holds an LSN."""
        return lsn // self.segment_bytes

    def history_of(self, timeline: int) -> tuple[Switch, ...]:
        """Return the timelines before this one; none for the first, or when its history was not archived."""
        return self.histories.get(timeline, ())
