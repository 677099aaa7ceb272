"""A finding: what was seen, what it means, and the command to run next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters; only the last two are alerts, and make ``monitor`` exit with 3."""

    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"


# who holds what others wait for
LOCKS = (
    "psql: SELECT pid, usename, application_name, xact_start FROM pg_stat_activity WHERE xact_start < now() - interval '1 second'"
    " ORDER BY xact_start; then SELECT pg_terminate_backend(pid)"
)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        rule: the rule's name, such as ``backup-age``.
        subject: what it is about, such as an index's name; rule and subject together are one alert.
        says: what was measured, on one line; no value of a row.
        means: why it matters.
        command: what to run next.
    """

    rule: str
    severity: Severity
    subject: str
    says: str
    means: str
    command: str


@dataclass(frozen=True)
class Rule:
    """A rule with all that does not change from one finding to the next."""

    name: str
    severity: Severity
    means: str
    command: str

    def finding(self, subject: str, says: str, *, command: str | None = None) -> Finding:
        """Return a finding of this rule."""
        return Finding(self.name, self.severity, subject, says, self.means, command or self.command)
