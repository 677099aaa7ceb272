"""``backup fetch`` of clusters: a base or an incremental with its parents, unpacked and proved while it comes, and its WAL."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.fetch import ANOTHER, Fetched, InTheWay, bring_back, check_room, missing
from app_schema.backup.folder import PRUNE_OR_FETCH
from app_schema.backup.pipe import piped
from app_schema.backup.seal import NotSealed
from app_schema.backup.tree import drafted
from app_schema.errors import BackupDamaged, BackupUnknown
from app_schema.physical.base import SUFFIX, programs_for
from app_schema.physical.proof import prove
from app_schema.physical.restorable import PROVE
from app_schema.physical.transfer import ENCRYPTED
from app_schema.physical.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app_schema.backup.copies import Stored
    from app_schema.backup.entry import Entry
    from app_schema.backup.holding import Part
    from app_schema.physical.fetch_wal import FetchedWal, Wal
    from app_schema.physical.transfer import Transfer


class Pieces(NamedTuple):
    """The archive of a backup's folder as it lies in the bucket: its objects in order, and how their names end."""

    names: tuple[str, ...]
    suffix: str


def members(transfer: Transfer, entry: Entry) -> tuple[Entry, ...]:
    """Return the chain that ends with ``entry``, base first; the folder may hold a part of it.

    Raises:
        BackupDamaged: a parent is neither in the bucket nor in the folder.
    """
    here = {each.id: each for each in Catalogue(transfer.folder).read()[0]}
    there = set(transfer.copies.ids(chain.KINDS))
    found = [entry]
    while (parent := chain.place(found[0]).parent) is not None:
        if (parent not in there and parent not in here) or any(parent == each.id for each in found):
            raise BackupDamaged(f"{found[0].id} adds to {parent}, which is not in {transfer.copies.url}; {ANOTHER}")
        found.insert(0, here[parent] if parent in here else transfer.copies.entry(parent))
    return tuple(found)


def newest(transfer: Transfer, say: Callable[[str], None]) -> tuple[Entry, ...]:
    """Return the newest chain that the bucket holds whole; ``say`` is told why a newer one is not taken.

    Raises:
        BackupUnknown: there is none.
        InTheWay: a part of it is in the folder, and damaged there.
    """
    for entry in transfer.copies.newest_first(chain.KINDS, say):
        try:
            found = members(transfer, entry)
            size(transfer, found)
        except InTheWay:
            raise
        except (BackupDamaged, NotSealed) as damage:
            say(f"{entry.id} was passed over: {damage}")
            continue
        return found
    raise BackupUnknown(f"there is no whole base backup in {transfer.copies.url}; app-schema backup fetch --list shows what there is")


def size(transfer: Transfer, chosen: tuple[Entry, ...]) -> int:
    """Return how many bytes of a chain are not in the folder.

    Raises:
        BackupDamaged: pieces are missing in the bucket, or what is in the folder is damaged.
    """
    return sum(part.bytes for member in chosen for part, _ in _wanted(transfer, member))


def fetch(
    transfer: Transfer, chosen: tuple[Entry, ...], wal: Wal | None = None, report: Callable[[int], None] | None = None
) -> Iterator[Fetched | FetchedWal]:
    """Bring a chain back, base first, and then its WAL; each is kept as soon as it is proved.

    Everything that can be known before is looked at before the first byte comes: keys, programs, pieces, room.

    Args:
        transfer: from where to where.
        chosen: the chain.
        wal: what of the archive comes, too.
        report: is told of the bytes as they come.

    Raises:
        BackupBusy: another prune or fetch in this folder did not end in time.
        BackupDamaged: it is not what was taken.
        BackupError: the disk is full.
        EncryptionError: a key is not set, or is another one.
        FetchFailed: the storage cannot be reached or refused.
        InTheWay: something else lies in its place; nothing was overwritten.
        ProgramMissing: PostgreSQL's programs of that version, which prove it, are not here.
    """
    folder = transfer.folder
    catalogue = Catalogue(folder)
    with folder.alone(PRUNE_OR_FETCH):
        catalogue.sweep()
        for member in chosen:
            programs_for(member, *(PROVE if wal else PROVE[:1]))
            for _, pieces in _wanted(transfer, member):
                transfer.cipher(pieces.suffix)
        needed = size(transfer, chosen)
        if wal:
            wal.check(beside=needed)
        check_room(folder.path, needed)
        for member in chosen:

            def check(_: Part, member: Entry = member) -> None:
                prove(folder, member, programs_for(member))

            yield bring_back(catalogue, member, partial(_bring, transfer, member, report), check)
        if wal:
            yield wal.fetch(report)


def _bring(transfer: Transfer, entry: Entry, report: Callable[[int], None] | None, part: Part) -> None:
    folder, pieces = transfer.folder, _pieces(transfer, part)
    with drafted(folder, part.file) as tree:
        beside = entry.model_copy(update={"parts": (part.model_copy(update={"file": tree.path.name}),)})
        try:
            piped(
                lambda target: transfer.copy(pieces.names, pieces.suffix, target, report),
                lambda source: unpack(source, tree.path, part.file),
            )
            prove(folder, beside, programs_for(entry))
        except BackupDamaged as damage:
            where = f"{transfer.copies.url}/{pieces.names[0]}"
            raise BackupDamaged(f"{where} is damaged, and nothing of it was kept: {damage}; {ANOTHER}") from None
        tree.keep()


def _wanted(transfer: Transfer, entry: Entry) -> list[tuple[Part, Pieces]]:
    """Return what of a backup is not in the folder, and where it is."""
    if [part.file for part in entry.parts] != [f"{entry.id}{SUFFIX}"]:
        raise BackupDamaged(f"{transfer.copies.url}/{entry.id}.json names other files than a base backup has; {ANOTHER}")
    return [(part, _pieces(transfer, part)) for part in missing(Catalogue(transfer.folder), entry)]


def _pieces(transfer: Transfer, part: Part) -> Pieces:
    """Find the pieces of a part: it may have been sent in clear and encrypted, of which the newer whole one counts."""
    pattern = re.compile(rf"{re.escape(part.file)}\.tar({ENCRYPTED}|)\.(\d{{4,}})")
    found: dict[str, dict[int, Stored]] = {}
    for stored in transfer.copies.objects.values():
        if match := pattern.fullmatch(stored.name):
            found.setdefault(match[1], {})[int(match[2])] = stored
    first = f"{transfer.copies.url}/{part.file}.tar"
    if not found:
        raise BackupDamaged(f"{first} is missing; {ANOTHER}")
    whole = {suffix: pieces for suffix, pieces in found.items() if not _lack(pieces, part)}
    if not whole:
        raise BackupDamaged(f"{first} lacks {'; '.join(_lack(pieces, part) for pieces in found.values())}; {ANOTHER}")
    suffix = max(whole, key=lambda each: whole[each][0].modified)
    return Pieces(tuple(whole[suffix][number].name for number in sorted(whole[suffix])), suffix)


def _lack(pieces: dict[int, Stored], part: Part) -> str:
    holes = sorted(set(range(max(pieces))) - set(pieces))
    if holes:
        return f"piece {holes[0]:04d}"
    there = sum(piece.bytes for piece in pieces.values())
    # the archive is longer than the files in it
    return f"its last piece: {there:,} bytes are there of more than {part.bytes:,}" if there < part.bytes else ""
