"""Scheduled jobs that said that they failed (``app-schema monitor --failed JOB``), of the last day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app_schema.monitoring.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.memory import Memory

REMEMBERED = timedelta(days=1)
RULE = Rule("job-failed", Severity.CRITICAL, "A scheduled job ended badly; its log says why.", "systemctl status, or the job's log")


def note_failure(memory: Memory, job: str, now: datetime) -> None:
    """Remember that a job failed.

    Raises:
        MemoryUnavailable: nothing was kept.
    """
    with memory.write() as file:
        file.execute("INSERT OR REPLACE INTO failure VALUES (?, ?)", [job, now.timestamp()])
        file.execute("DELETE FROM failure WHERE taken < ?", [(now - REMEMBERED).timestamp()])


def failures(memory: Memory, now: datetime) -> Iterator[Finding]:
    """Find the jobs that failed within a day; errors as for :func:`note_failure`."""
    rows = memory.read("SELECT job, taken FROM failure WHERE taken >= ? ORDER BY job", (now - REMEMBERED).timestamp())
    for job, taken in rows:
        yield RULE.finding(job, f"{job} failed at {datetime.fromtimestamp(taken, UTC):%Y-%m-%d %H:%M %Z}")
