"""``backup verify`` for clusters: every member of every chain, and all WAL that the window stands on, across timelines."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app_schema import moments
from app_schema.backup import chain, weekly, window
from app_schema.backup.catalogue import Catalogue
from app_schema.errors import BackupDamaged
from app_schema.physical import archive, memory, route
from app_schema.physical.base import programs_for
from app_schema.physical.finding import Finding
from app_schema.physical.layout import WAL, data_of, manifest_files, read_configuration
from app_schema.physical.proof import prove
from app_schema.physical.restorable import PROVE
from app_schema.physical.route import Leg
from app_schema.physical.segments import parse_lsn
from app_schema.physical.verify_wal import Wal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.settings import Settings

AT_ONCE = 2  # one waits for the disk while the other computes


def verify(  # noqa: PLR0913 (an argument each question)
    settings: Settings,
    folder: Folder,
    entries: Collection[Entry],
    *,
    everything: bool = False,
    report: Callable[[int], None] | None = None,
    now: datetime | None = None,
) -> Iterator[Finding]:
    """Prove backups and their parents, and the WAL of their clusters, and note in the catalogue what was found.

    What was proved before must still be there in its size, and is read again once a week: see :mod:`.weekly`. Damage is an error
    each time, as long as it is there.

    Args:
        settings: where the WAL is, and the length of the window.
        folder: the backups.
        entries: those to look at; their parents are looked at, too.
        everything: read all that was proved before, whatever day it is.
        report: is told of the bytes of each backup.
        now: the time to go by; None is the clock's.

    Raises:
        ProgramMissing: PostgreSQL's programs of that version, which prove it, are not here; nothing was read.
    """
    now = now or datetime.now(UTC)
    catalogue = Catalogue(folder)
    with ExitStack() as stack:
        stack.enter_context(catalogue.reading(_ends(_with_parents(entries, _clusters(catalogue)))))
        known = _clusters(catalogue)  # without what was pruned until now
        members = _with_parents(entries, known)
        due = {entry.id: entry for entry in members if everything or _is_due(entry, now)}
        for entry in {chain.place(entry).system_identifier: entry for entry in due.values()}.values():
            programs_for(entry, *PROVE)  # before hours of reading
        pool = ThreadPoolExecutor(AT_ONCE)
        stack.callback(pool.shutdown, cancel_futures=True)
        proofs = {name: pool.submit(_error, _prove, folder, entry) for name, entry in due.items()}
        bad: set[str] = set()
        for entry in members:
            proof = proofs.get(entry.id)
            error = proof.result() if proof else _error(_glance, folder, entry)
            error = error or _wrong_with_parent(entry, known, bad)
            if error:
                bad.add(entry.id)
            if error or proof:
                catalogue.note_look(entry.id, error, at=now)
            if report:
                report(entry.size)
            yield Finding(entry.id, "as written" if proof else f"all there, read on {moments.minute(entry.verified[-1].at)}", error)
    good = [entry for entry in known.values() if entry.id not in bad]
    for system in sorted({chain.place(entry).system_identifier for entry in entries}):
        yield from _verify_wal(settings, folder, system, good, now, everything=everything)


def _clusters(catalogue: Catalogue) -> dict[str, Entry]:
    return {entry.id: entry for entry in catalogue.read()[0] if entry.kind in chain.KINDS}


def _with_parents(entries: Iterable[Entry], known: dict[str, Entry]) -> list[Entry]:
    wanted: set[str] = set()
    for entry in entries:
        each: Entry | None = entry
        while each and each.id not in wanted:
            wanted.add(each.id)
            each = known.get(chain.place(each).parent or "")
    return [entry for entry in known.values() if entry.id in wanted]


def _ends(members: list[Entry]) -> list[Entry]:
    """Return those that nothing adds to, which keep what they add to: a handle each for months of hours would be too many."""
    parents = {chain.place(entry).parent for entry in members}
    return [entry for entry in members if entry.id not in parents]


def _is_due(entry: Entry, now: datetime) -> bool:
    last = entry.verified[-1] if entry.verified else None
    return last is None or last.error is not None or weekly.day_of(entry.started) in weekly.begun(last.at, now)


def _error(check: Callable[[Folder, Entry], None], folder: Folder, entry: Entry) -> str | None:
    try:
        check(folder, entry)
    except BackupDamaged as damage:
        return str(damage)
    return None


def _wrong_with_parent(entry: Entry, known: dict[str, Entry], bad: set[str]) -> str | None:
    parent = chain.place(entry).parent
    if parent is not None and parent not in known:
        return f"{entry.id} adds to {parent}, which is missing: the chain is broken; use another one"
    return f"{entry.id} adds to {parent}, which is damaged; use another chain" if parent in bad else None


def _prove(folder: Folder, entry: Entry) -> None:
    prove(folder, entry, programs_for(entry))


def _glance(folder: Folder, entry: Entry) -> None:
    """Whether everything is there in its size.

    Raises:
        BackupDamaged: it is not.
    """
    data = data_of(folder, entry)
    for name, expected, _ in manifest_files(folder, entry):
        path = f"{data}/{name}"
        try:
            size = os.stat(path).st_size  # noqa: PTH116 (there are thousands of them, and a Path costs more than the look)
        except OSError as error:
            raise BackupDamaged(f"{path} cannot be read: {error.strerror}; use another chain") from None
        if size != expected:
            raise BackupDamaged(f"{path} is damaged: {expected:,} bytes were written, {size:,} are there; use another chain")
    read_configuration(folder, entry)  # a few kilobytes, which the manifest does not know
    place = chain.place(entry)
    own = archive.Archive(data / WAL, place.segment_bytes)
    stop = parse_lsn(place.stop_lsn)
    if route.find(own, (Leg(place.timeline, parse_lsn(place.start_lsn), stop),)).end < stop:
        raise BackupDamaged(f"{data / WAL} lacks WAL that {entry.id} was taken with; use another chain")


def _verify_wal(  # noqa: PLR0913 (an argument each question)
    settings: Settings, folder: Folder, system: str, good: list[Entry], now: datetime, *, everything: bool
) -> Iterator[Finding]:
    mine = [entry for entry in good if chain.place(entry).system_identifier == system]
    standing = window.reaching(mine, timedelta(days=settings.backup_window_days), now)
    if not standing:
        return
    place = archive.place_of(settings, folder) / system
    look = Wal(place, folder, standing, memory.recall(folder, system), now, everything=everything)
    with folder.using(str(place)) if place.is_dir() else nullcontext():
        yield from look.findings()
    memory.note(folder, system, memory.Memory(timelines=look.found, gaps=look.gaps, looked=now))
