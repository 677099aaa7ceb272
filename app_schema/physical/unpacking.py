"""The tar archive of a backup's folder, unpacked while it comes; nothing of it gets outside."""

from __future__ import annotations

import os
import re
import tarfile
from typing import TYPE_CHECKING, BinaryIO

from app_schema.backup.folder import FILE_MODE, FOLDER_MODE
from app_schema.errors import BackupDamaged, BackupError
from app_schema.physical.layout import DATA, LINKS, TABLESPACES

if TYPE_CHECKING:
    from pathlib import Path

TABLESPACE = re.compile(rf"{DATA}/{LINKS}/(\d+)")


def check_python() -> None:
    """Whether this Python can unpack safely.

    Raises:
        BackupError: it is 3.11.3 or older.
    """
    if not hasattr(tarfile, "data_filter"):
        raise BackupError("this Python cannot unpack an archive safely: use 3.11.4 or newer")


def unpack(source: BinaryIO, tree: Path, name: str) -> None:
    """Unpack the archive of the folder ``name`` into ``tree``, and make it survive a power cut.

    Raises:
        BackupDamaged: it is cut off or no such archive, or holds what would land outside or is neither file nor folder.
        OSError: the disk is full.
    """

    def safe(member: tarfile.TarInfo, to: str) -> tarfile.TarInfo:
        folder, _, path = member.name.partition("/")
        if folder != name:
            raise BackupDamaged(f"it holds {member.name!r}, which is outside of {name}")
        if member.issym() and (match := TABLESPACE.fullmatch(path)):
            # it tells where the tablespace lay when it was taken, and that is beside the data, wherever the data is
            link = str(tree / TABLESPACES / match[1])
            return member.replace(name=path, linkname=link, uid=None, gid=None, uname=None, gname=None, deep=False)  # type: ignore[arg-type]
        if not (member.isreg() or member.isdir()):
            raise BackupDamaged(f"it holds {member.name!r}, which is neither file nor folder")
        inside = tarfile.data_filter(member.replace(name=path or ".", deep=False), to)
        return inside.replace(mode=FOLDER_MODE if member.isdir() else FILE_MODE, deep=False)

    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            tar.extractall(tree, filter=safe)  # noqa: S202 (filtered)
    except (tarfile.TarError, FileExistsError) as error:  # the folder was empty: the archive has a name twice
        raise BackupDamaged(f"it cannot be unpacked: {error}") from None
    _sync(tree)


def _sync(tree: Path) -> None:
    for folder, _, names in os.walk(tree):
        for path in (folder, *(os.path.join(folder, name) for name in names)):  # noqa: PTH118 (there are thousands of them)
            if not os.path.islink(path):  # noqa: PTH114
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
