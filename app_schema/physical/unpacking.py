"""The tar archive of a backup's folder, unpacked while it comes; nothing of it gets outside.

``tarfile`` reads the archive, and we write the files: its own filters came with Python 3.11.4, and Debian 12 has 3.11.2.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from typing import TYPE_CHECKING, BinaryIO

from app_schema.backup.folder import FILE_MODE, FOLDER_MODE
from app_schema.errors import BackupDamaged
from app_schema.physical.layout import DATA, LINKS, TABLESPACES

if TYPE_CHECKING:
    from pathlib import Path

TABLESPACE = re.compile(rf"{DATA}/{LINKS}/(\d+)")
BLOCK = 1 << 20  # bytes


def unpack(source: BinaryIO, tree: Path, name: str) -> None:
    """Unpack the archive of the folder ``name`` into ``tree``, and make it survive a power cut.

    Only files, folders and the links of tablespaces are made, with our modes and as our own; a link leads to the
    tablespace's folder in ``tree``, wherever it led before.

    Raises:
        BackupDamaged: it is cut off or no such archive, or holds what would land outside or is neither file nor folder.
        OSError: the disk is full.
    """
    folders = {""}  # those made: a member whose folder is not one of them may go through a link or ``..``
    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            for member in tar:
                path = _inside(member.name, name)
                if path == "":
                    continue  # the folder itself, which is there
                parent, _, last = path.rpartition("/")
                if path.startswith("/") or parent not in folders or last in ("", ".", ".."):
                    raise BackupDamaged(f"it holds {member.name!r}, which is outside of {name}")
                if member.isdir():
                    (tree / path).mkdir(mode=FOLDER_MODE)
                    folders.add(path)
                elif member.isreg():
                    _write(tar, member, tree / path)
                elif member.issym() and (match := TABLESPACE.fullmatch(path)):
                    (tree / path).symlink_to(tree / TABLESPACES / match[1])
                else:
                    raise BackupDamaged(f"it holds {member.name!r}, which is neither file nor folder")
    except (tarfile.TarError, FileExistsError) as error:  # the folder was empty: the archive has a name twice
        raise BackupDamaged(f"it cannot be unpacked: {error}") from None
    _sync(tree)


def _inside(member: str, name: str) -> str:
    folder, _, path = member.partition("/")
    if folder != name:
        raise BackupDamaged(f"it holds {member!r}, which is outside of {name}")
    return path


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    packed = tar.extractfile(member)
    assert packed is not None  # noqa: S101 (it is a file)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    with packed, os.fdopen(handle, "wb") as file:
        shutil.copyfileobj(packed, file, BLOCK)


def _sync(tree: Path) -> None:
    for folder, _, names in os.walk(tree):
        for path in (folder, *(os.path.join(folder, name) for name in names)):  # noqa: PTH118 (there are thousands of them)
            if not os.path.islink(path):  # noqa: PTH114
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
