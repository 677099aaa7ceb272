"""Cleanup in batches: each is a transaction of its own, and leaves the others room."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_schema.maintenance.step import Work

BATCH = 5_000
SMALL_BATCH = 1_000  # of rows that others want to write too
KEEP_LOGS = "30 days"
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
    return _cleanup(work, "SELECT cleanup_sessions(%(batch)s)")


def agent_sessions(work: Work) -> str:
    """Delete expired and revoked sessions of agents."""
    return _cleanup(work, "SELECT cleanup_agent_sessions(%(batch)s)")


def customer_sessions(work: Work) -> str:
    """Delete idle and expired sessions of customers without an open room."""
    return _cleanup(work, "SELECT cleanup_customer_sessions(%(batch)s)")


def _cleanup(work: Work, call: str) -> str:
    return _until_none(work, lambda: int(work.run(call, batch=BATCH)[0][0]), BATCH, "sessions deleted")


def executions(work: Work) -> str:
    """Requeue executions whose worker was lost."""
    requeue = "SELECT requeue_stale_executions('2 minutes', %(batch)s)"
    return _until_none(work, lambda: int(work.run(requeue, batch=SMALL_BATCH)[0][0]), SMALL_BATCH, "executions requeued or failed")


def last_messages(work: Work) -> str:
    """Move last_message_at where a writer other than record_message() has left it behind."""
    rooms = _until_none(work, lambda: int(work.query("mend_rooms", batch=SMALL_BATCH)[0][0]), SMALL_BATCH, "rooms")
    talks = _until_none(work, lambda: int(work.query("mend_conversations", batch=SMALL_BATCH)[0][0]), SMALL_BATCH, "conversations")
    return f"{rooms} and {talks} brought up to date"


def _until_none(work: Work, batch: Callable[[], int], size: int, noun: str) -> str:
    """Repeat a batch until one is not full."""
    total = 0
    while True:
        begun = time.monotonic()
        done = work.patiently(batch)
        total += done
        if done < size:
            return f"{total:,} {noun}"
        work.check(f"{total:,} {noun}")
        _rest(work, begun)


def _rest(work: Work, begun: float) -> None:
    time.sleep(max(0.0, min(REST * (time.monotonic() - begun), work.left)))
