"""Chains of backups: a base and the incrementals upon it. Pure functions of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.backup.entry import Entry, Kind
from app_schema.errors import BackupDamaged, BackupUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app_schema.backup.holding import Physical

KINDS = (Kind.BASE, Kind.INCREMENTAL)
TAKE = "take one with: app-schema backup base"
BRING = "set APP_SCHEMA_BACKUP_DIR to where one is, or bring one back with: app-schema backup fetch --cluster"


def place(entry: Entry) -> Physical:
    """Return a backup's place in the WAL."""
    assert entry.physical is not None  # noqa: S101 (every base and incremental has one)
    return entry.physical


def members(entry: Entry, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the chain that ends with ``entry``: the base, then each incremental upon it.

    Raises:
        BackupDamaged: a parent is missing.
    """
    known = {each.id: each for each in entries}
    chain = [entry]
    while (parent := place(chain[0]).parent) is not None:
        if any(parent == each.id for each in chain):
            raise BackupDamaged(f"{chain[0].id} adds to {parent}, which adds to it: the entries were forged; use another chain")
        if parent not in known:
            raise BackupDamaged(f"{chain[0].id} adds to {parent}, which is missing: the chain of {entry.id} is broken; use another one")
        chain.insert(0, known[parent])
    return tuple(chain)


def good(entries: Iterable[Entry]) -> list[Entry]:
    """Return the backups whose whole chain is there and was found damaged nowhere, oldest first; none of a rescued copy."""
    physical = [entry for entry in entries if entry.kind in KINDS and not entry.rescued]
    found = []
    for entry in physical:
        try:
            chain = members(entry, physical)
        except BackupDamaged:
            continue
        if not any(member.damaged for member in chain):
            found.append(entry)
    return found


def newest(entries: Iterable[Entry], system: str | None = None, *, cure: str = TAKE) -> Entry:
    """Return the newest good backup, of the cluster ``system`` if given; ``cure`` is what the caller advises without one.

    Raises:
        BackupUnknown: there is none.
    """
    known = [entry for entry in entries if entry.kind in KINDS and not entry.rescued and system in (None, entry.system)]
    found = good(known)
    if not found:
        bad = f": of {len(known)}, the newest being {known[-1].id}, each is damaged or lacks its parent" if known else ""
        raise BackupUnknown(f"there is no good base backup of this cluster{bad}; {cure}")
    return found[-1]
