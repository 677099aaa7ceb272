"""What is kept and what goes: a pure function of the catalogue, the policy and the time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup import window
from app_schema.backup.entry import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from app_schema.settings import Settings


class Decision(NamedTuple):
    """Whether a backup is kept, and why."""

    entry: Entry
    keep: bool
    reason: str


Policy = dict[Kind, timedelta]


def policy(settings: Settings) -> Policy:
    """Return how long each kind is kept: by the policy's table dumps and bases 30 days, incrementals 7, snapshots 12 weeks."""
    days, weeks = timedelta(days=settings.backup_dump_days), timedelta(weeks=settings.backup_snapshot_weeks)
    bases, moments = timedelta(days=settings.backup_base_days), timedelta(days=settings.backup_window_days)
    return {Kind.DUMP: days, Kind.MASKED: days, Kind.SNAPSHOT: weeks, Kind.BASE: bases, Kind.INCREMENTAL: moments}


def decide(entries: Iterable[Entry], kept_for: Policy, now: datetime, proved: Collection[str] = ()) -> list[Decision]:
    """Decide for every backup, oldest first; the newest good one of each kind and database always stays.

    What is only a part stays until something newer and whole is there, for it may hold the rows that nothing else has.
    Of several good ones the newest whose seal is valid counts: ``proved`` are the ids of those.
    What was taken of a rescued copy is nobody's newest, and stays for its days only.
    Of clusters, whatever is needed stays: see :func:`.window.needed`.
    """
    ordered = sorted(entries, key=lambda entry: (entry.started, entry.id))
    own = [entry for entry in ordered if not entry.rescued]
    good = [entry for entry in own if entry.status == "complete"]
    last_good = {(entry.kind, database): entry.id for entry in good for database in entry.databases}
    last_good |= {(entry.kind, database): entry.id for entry in good if entry.id in proved for database in entry.databases}
    last = {(entry.kind, database): entry.id for entry in own if entry.status != "damaged" for database in entry.databases}
    # what is not proved keeps what it needs, and takes nothing from what is
    chains = window.needed(ordered, kept_for, now) | window.needed([entry for entry in ordered if entry.id in proved], kept_for, now)
    return [_decide_chain(entry, chains) if entry.physical else _decide(entry, kept_for, now, last_good, last) for entry in ordered]


def _decide_chain(entry: Entry, needed: dict[str, str]) -> Decision:
    reason = needed.get(entry.id)
    return Decision(entry, keep=reason is not None, reason=reason or "older than its days, and nothing adds to it")


def _decide(
    entry: Entry, kept_for: Policy, now: datetime, last_good: dict[tuple[Kind, str], str], last: dict[tuple[Kind, str], str]
) -> Decision:
    days = kept_for[entry.kind]
    age = now - entry.started
    if age < days:
        return Decision(entry, keep=True, reason=f"{age.days} days old, kept for {days.days}")
    for database in entry.databases:
        if last_good.get((entry.kind, database), last.get((entry.kind, database))) == entry.id:
            return Decision(entry, keep=True, reason=f"the newest good {entry.kind} of {database}")
    return Decision(entry, keep=False, reason=f"{age.days} days old, kept for {days.days}")
