"""The days back to any moment of which a cluster can be restored, and what must be kept for it. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.backup import chain
from app_schema.backup.entry import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta


def reaching(entries: Iterable[Entry], length: timedelta, now: datetime) -> list[Entry]:
    """Return the good backups that the window stands on, of each cluster: the newest from before it, and all since, oldest first."""
    found: list[Entry] = []
    for good in _by_cluster(chain.good(entries)):
        before = [entry for entry in good if chain.place(entry).consistent_at <= now - length]
        found += good[len(before) - 1 :] if before else good
    return sorted(found, key=lambda entry: (entry.started, entry.id))


def needed(entries: Iterable[Entry], kept_for: Mapping[Kind, timedelta], now: datetime) -> dict[str, str]:
    """Return why backups of clusters are kept, by id; one that is not named can go.

    Bases and incrementals stay for their days; the newest good chain of a cluster stays whatever its age, and so does
    what the window begins on, which is the length of time that incrementals are kept; and whatever stays keeps its parents.
    """
    physical = [entry for entry in entries if entry.kind in chain.KINDS]
    reasons = {}
    for entry in physical:
        age, days = now - entry.started, kept_for[entry.kind]
        if age < days:
            reasons[entry.id] = f"{age.days} days old, kept for {days.days}"
    length = kept_for[Kind.INCREMENTAL]
    for good in _by_cluster(reaching(physical, length, now)):
        reasons.setdefault(good[-1].id, "the newest good chain")
        if chain.place(good[0]).consistent_at <= now - length:
            reasons.setdefault(good[0].id, f"the window of {length.days} days begins on it")
    known = {entry.id: entry for entry in physical}
    for entry in reversed(physical):
        parent = chain.place(entry).parent
        if entry.id in reasons and parent in known:
            reasons.setdefault(parent, f"{entry.id} adds to it")
    return reasons


def _by_cluster(entries: Iterable[Entry]) -> list[list[Entry]]:
    clusters: dict[str, list[Entry]] = {}
    for entry in entries:
        clusters.setdefault(chain.place(entry).system_identifier, []).append(entry)
    return list(clusters.values())
