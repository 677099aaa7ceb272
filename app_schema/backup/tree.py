"""A folder in the backup folder: under a temporary name, and locked, until it is kept as a whole."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 (of a dataclass)
from typing import TYPE_CHECKING

from app_schema.backup.folder import FOLDER_MODE, UNFINISHED, is_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.backup.folder import Folder


@dataclass
class Tree:
    """A folder of mode 0700; ``name`` is what it is to be called.

    Attributes:
        lock: a handle; whoever inherits it keeps the folder from being swept, should we die before them.
    """

    name: str
    path: Path
    lock: int
    kept: Path | None = field(default=None, init=False)

    def keep(self) -> None:
        """Give it its name; PostgreSQL's programs have synced what they wrote in it."""
        target = self.path.with_name(self.name)
        self.path.rename(target)
        self.kept = target

    @property
    def size(self) -> int:
        """The bytes of all files in it."""
        return sum(os.lstat(f"{folder}/{name}").st_size for folder, _, names in os.walk(self.path) for name in names)


@contextmanager
def drafted(folder: Folder, name: str) -> Iterator[Tree]:
    """Make a new folder that is removed after the block unless it was kept.

    Raises:
        BackupError: it cannot be written, the disk being full for one.
    """
    path = folder.path / f"{UNFINISHED}{name}"
    with folder.writing(path):
        handle = _locked(path)
        try:
            yield Tree(name, path, handle)
        finally:
            if path.exists():
                shutil.rmtree(path)
            os.close(handle)


def _locked(path: Path) -> int:
    while True:
        path.mkdir(mode=FOLDER_MODE)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:  # a sweep came between the two
            continue
        fcntl.flock(handle, fcntl.LOCK_EX)
        if is_at(handle, path):
            os.fchmod(handle, FOLDER_MODE)
            return handle
        os.close(handle)  # likewise
