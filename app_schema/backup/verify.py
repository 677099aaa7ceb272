"""``backup verify``: the stored bytes against the SHA-256 that was taken while they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.backup.stream import digest
from app_schema.errors import BackupDamaged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app_schema.backup.catalogue import Catalogue
    from app_schema.backup.entry import Entry
    from app_schema.backup.holding import Part


def check_part(path: Path, part: Part, report: Callable[[int], None] | None = None) -> None:
    """Read a file whole and compare it with its entry.

    Raises:
        BackupDamaged: it is missing, cut off or changed.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size != part.bytes:
                raise BackupDamaged(f"{path} is damaged: {part.bytes:,} bytes were written, {size:,} are there; use another backup")
            if digest(file, report) != part.sha256:
                raise BackupDamaged(f"{path} is damaged: its SHA-256 is not the one that was written; use another backup")
    except OSError as error:
        raise BackupDamaged(f"{path} cannot be read: {error.strerror}; use another backup") from None


def verify(catalogue: Catalogue, entry: Entry, report: Callable[[int], None] | None = None) -> Entry:
    """Check every file of a backup of the dump kinds and note the result in its entry, which is returned.

    Raises:
        BackupUnknown: it was removed in the meantime.
    """
    error = None
    with catalogue.reading([entry]):
        try:
            for part in entry.parts:
                check_part(catalogue.folder.path / part.file, part, report)
        except BackupDamaged as damage:
            error = str(damage)
        return catalogue.note_look(entry.id, error)
