"""What is where in the folder of a base backup or an incremental."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from app_schema.errors import BackupDamaged

if TYPE_CHECKING:
    from pathlib import Path

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder

DATA = "data"
TABLESPACES = "tablespaces"
WAL = "pg_wal"
LINKS = "pg_tblspc"
MANIFEST = "backup_manifest"


def data_of(folder: Folder, entry: Entry) -> Path:
    """Return the data directory of a backup, the links to its tablespaces set right: the folder may have moved since."""
    tree = folder.path / entry.parts[0].file
    for place in (tree / TABLESPACES).glob("*"):
        link = tree / DATA / LINKS / place.name
        if link.is_symlink() and link.readlink() != place:
            link.unlink()
            link.symlink_to(place)
    return tree / DATA


def check_manifest(folder: Folder, entry: Entry) -> bytes:
    """Return the manifest of a backup, which is the one that was written.

    Raises:
        BackupDamaged: it is missing, or another one.
    """
    path = folder.path / entry.parts[0].file / DATA / MANIFEST
    try:
        manifest = path.read_bytes()
    except OSError as error:
        raise BackupDamaged(f"{path} cannot be read: {error.strerror}; {entry.id} cannot be proved: use another chain") from None
    if sha256(manifest).hexdigest() != entry.parts[0].sha256:
        raise BackupDamaged(f"{path} was edited or damaged: it is not the manifest that was written; use another chain")
    return manifest
