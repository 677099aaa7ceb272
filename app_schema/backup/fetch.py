"""``backup fetch``: a backup from the bucket into the folder, part by part, its entry last."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import PRUNE_OR_FETCH
from app_schema.backup.stream import HashedWriter
from app_schema.backup.verify import check_part
from app_schema.errors import BackupDamaged, BackupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app_schema.backup.copies import Copies
    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.backup.holding import Part

ANOTHER = "use another of app-schema backup fetch --list, or an older version of the object if the bucket keeps them"


class InTheWay(BackupDamaged):
    """Something in the folder is not what it should be, and is not overwritten."""


class Fetched(NamedTuple):
    """A backup that is in the folder now; ``bytes`` were missing there, 0 if it was there already."""

    entry: Entry
    bytes: int


def fetch(folder: Folder, copies: Copies, entry: Entry, report: Callable[[int], None] | None = None) -> Fetched:
    """Bring a backup of the dump kinds back, each part compared with the SHA-256 of its entry before it is kept.

    Parts that came whole stay if the rest does not come; the next run goes on from there.

    Raises:
        BackupBusy: another prune or fetch in this folder did not end in time.
        BackupDamaged: an object is missing or is not what was sent.
        BackupError: the disk is full.
        FetchFailed: the storage cannot be reached or refused.
        InTheWay: another file lies in its place; nothing was overwritten.
    """
    catalogue = Catalogue(folder)

    def bring(part: Part) -> None:
        with folder.draft(part.file) as draft, folder.writing(draft.path):
            writer = HashedWriter(draft.file)
            copies.download([part.file], writer, report)
            if (writer.bytes, writer.sha256) != (part.bytes, part.sha256):
                raise BackupDamaged(f"{copies.url}/{part.file} is damaged: its SHA-256 is not the one that was written; {ANOTHER}")
            draft.keep()

    def check(part: Part) -> None:
        check_part(folder.path / part.file, part, report)

    with folder.alone(PRUNE_OR_FETCH):
        catalogue.sweep()
        wanted = missing(catalogue, entry)
        for part in wanted:
            there = copies.objects.get(part.file)
            if there is None or there.bytes != part.bytes:
                found = f"has {there.bytes:,} bytes and {part.bytes:,} were written" if there else "is missing"
                raise BackupDamaged(f"{copies.url}/{part.file} {found}; {ANOTHER}")
        check_room(folder.path, sum(part.bytes for part in wanted))
        return bring_back(catalogue, entry, bring, check)


def missing(catalogue: Catalogue, entry: Entry) -> tuple[Part, ...]:
    """Return the parts of a backup that are not in the folder.

    Raises:
        InTheWay: it is there and damaged, or its entry cannot be read; the line says how to make room for the copy.
    """
    path = catalogue.folder.path
    known = _known(catalogue, entry)
    if known is None and (path / f"{entry.id}.json").exists():
        raise InTheWay(f"{path / entry.id}.json cannot be read; {_away(path, entry)}")
    if known and known.taken() != entry.taken():
        raise InTheWay(f"{entry.id} is in the folder and is another one there; {_away(path, entry)}")
    wanted = tuple(part for part in entry.parts if not os.path.lexists(path / part.file))
    if known and known.damaged and not wanted:
        raise InTheWay(f"{entry.id} is in the folder and is damaged there; {_away(path, entry)}")
    return wanted


def bring_back(catalogue: Catalogue, entry: Entry, bring: Callable[[Part], None], check: Callable[[Part], None]) -> Fetched:
    """Bring what is missing of a backup, check what of it lies there without proof, and write its entry last.

    Args:
        catalogue: in whose folder it goes.
        entry: as the bucket has it.
        bring: keeps a part in the folder once it is proved.
        check: proves a part that lies there.

    Raises:
        InTheWay: what lies there is not what was taken.
    """
    path, known, wanted = catalogue.folder.path, _known(catalogue, entry), missing(catalogue, entry)
    if known and not wanted:
        return Fetched(known, 0)
    for part in entry.parts:
        if part in wanted:
            continue
        try:
            check(part)
        except BackupDamaged as damage:
            raise InTheWay(f"{path / part.file} lies there and is not what was taken ({damage}); {_away(path, entry)}") from None
    for part in wanted:
        bring(part)
    catalogue.folder.sync()
    if not known:
        # the seal is over what was taken; what was found and done since anybody could have written
        unproved = {"verified": (), "drills": (), "accepted": ()} if catalogue.folder.seal else {}
        catalogue.add(entry.model_copy(update=unproved), [])
    now = catalogue.note_look(entry.id, None)
    return Fetched(now, sum(part.bytes for part in wanted))


def check_room(place: Path, needed: int) -> None:
    """Whether so many bytes have room there, before the first of them is fetched.

    Raises:
        BackupError: they have not.
    """
    free = shutil.disk_usage(place).free
    if needed > free:
        raise BackupError(
            f"{place} has {free / 1e6:,.0f} MB free and {needed / 1e6:,.0f} MB are to come: make room, or set APP_SCHEMA_BACKUP_DIR"
        )


def _known(catalogue: Catalogue, entry: Entry) -> Entry | None:
    return next((each for each in catalogue.read()[0] if each.id == entry.id), None)


def _away(path: Path, entry: Entry) -> str:
    return f"move it away and fetch it again: mv {path / entry.id}.* ELSEWHERE"
