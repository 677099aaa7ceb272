"""Scheduled jobs that said that they failed (``app-schema monitor --failed JOB``), until they succeed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.units import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app_schema.memory import Memory
    from app_schema.monitoring.backups import Backup

JOURNAL = "journalctl -u app-schema-{job}.service -n 50"
RULE = Rule("job-failed", Severity.CRITICAL, "A scheduled job ended badly; its log says why. It is over when the job succeeds.", JOURNAL)


def note_failure(memory: Memory, job: str, now: datetime, *, command: str | None = None) -> None:
    """Remember that a job failed, and the command that shows its log (without one, the journal's).

    Raises:
        MemoryUnavailable: nothing was kept.
    """
    with memory.write() as file:
        file.execute("INSERT OR REPLACE INTO failed_job VALUES (?, ?, ?)", [job, now.timestamp(), command or JOURNAL.format(job=job)])


def note_success(memory: Memory, job: str) -> None:
    """Remember that a job succeeded, which ends its failure; errors as for :func:`note_failure`."""
    with memory.write() as file:
        file.execute("DELETE FROM failed_job WHERE job = ?", [job])


def failures(memory: Memory, backups: Iterable[Backup]) -> Iterator[Finding]:
    """Find the jobs that failed and did not succeed since; errors as for :func:`note_failure`."""
    newest = {row.kind: row.finished for row in reversed([*backups])}  # a backup by hand is a success, too
    for job, taken, command in memory.read("SELECT job, taken, command FROM failed_job ORDER BY job"):
        failed = datetime.fromtimestamp(taken, UTC)
        if job not in newest or newest[job] < failed:
            yield RULE.finding(job, f"{job} failed at {moment(failed)}", command=command)
