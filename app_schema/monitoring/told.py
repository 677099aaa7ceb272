"""Channels that did not take their alerts, until they do: a webhook that was revoked would go unseen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.units import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.memory import Memory

RULE = Rule("alert-undelivered", Severity.WARNING, "Whoever watches it alone knows of nothing.", "app-schema monitor --test-alert")


def note_refusal(memory: Memory, channel: str, name: str, why: str | None, now: datetime) -> None:
    """Remember why a channel took nothing, since the first time; ``why`` is None: it took it.

    Raises:
        MemoryUnavailable: nothing was kept.
    """
    with memory.write() as file:
        if why is None:
            file.execute("DELETE FROM refused WHERE channel = ?", [channel])
        else:
            keep = "INSERT INTO refused VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET why = excluded.why"
            file.execute(keep, [channel, name, now.timestamp(), why])


def refusals(memory: Memory) -> Iterator[Finding]:
    """Find the channels that took nothing the last time; errors as for :func:`note_refusal`."""
    for name, since, why in memory.read("SELECT name, since, why FROM refused ORDER BY name"):
        yield RULE.finding(name, f"{name} takes no alerts since {moment(datetime.fromtimestamp(since, UTC))}: {why}")
