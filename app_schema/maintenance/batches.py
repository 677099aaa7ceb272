"""Cleanup in batches: each is a transaction of its own, and leaves the others room."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_schema.maintenance.step import Work

BATCH = 5_000
KEEP_LOGS = "30 days"
KEEP_REQUESTS = "400 days"  # thirteen months; the roll-up by day stays
REST = 1.0  # a pause as long as the batch took: half of the disk and of a core for everybody else


def logs(work: Work) -> str:
    """Forget the logs of more than 30 days: whole months dropped, the rest deleted in batches."""
    dropped = deleted = 0
    while True:
        begun = time.monotonic()
        ((months, rows),) = work.patiently(
            lambda: work.run("SELECT * FROM cleanup_logs(%(keep)s::interval, %(batch)s)", keep=KEEP_LOGS, batch=BATCH)
        )
        dropped, deleted = dropped + months, deleted + rows
        said = f"{dropped} months dropped, {deleted:,} rows deleted"
        if not months and rows < BATCH:
            return said
        work.check(said)
        _rest(work, begun)


def sessions(work: Work) -> str:
    """Delete expired and revoked sessions of users."""
    return _until_none(work, "cleanup_sessions", "sessions deleted")


def agent_sessions(work: Work) -> str:
    """Delete expired and revoked sessions of agents."""
    return _until_none(work, "cleanup_agent_sessions", "sessions deleted")


def customer_sessions(work: Work) -> str:
    """Delete idle and expired sessions of customers without an open room."""
    return _until_none(work, "cleanup_customer_sessions", "sessions deleted")


def executions(work: Work) -> str:
    """Requeue executions whose worker was lost."""
    total = repeat(work, lambda: work.run("SELECT requeue_stale_executions()")[0][0], 1000, "executions requeued or failed")
    return f"{total:,} executions requeued or failed"


def repeat(work: Work, batch: Callable[[], int], size: int, noun: str) -> int:
    """Repeat a batch until one is not full; return the sum."""
    total = 0
    while True:
        begun = time.monotonic()
        done = work.patiently(batch)
        total += done
        if done < size:
            return total
        work.check(f"{total:,} {noun}")
        _rest(work, begun)


def _until_none(work: Work, function: str, noun: str) -> str:
    return f"{repeat(work, lambda: work.run(f'SELECT {function}({BATCH})')[0][0], BATCH, noun):,} {noun}"


def _rest(work: Work, begun: float) -> None:
    time.sleep(max(0.0, min(REST * (time.monotonic() - begun), work.left)))
