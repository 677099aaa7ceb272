"""Tell each channel what began and what ended, once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from app_schema import moments
from app_schema.alerts.channel import Channel, channels, send
from app_schema.errors import MemoryUnavailable
from app_schema.monitoring.finding import Finding, Severity
from app_schema.monitoring.told import RULE as UNDELIVERED
from app_schema.monitoring.told import note_refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app_schema.memory import Memory
    from app_schema.settings import Settings

SEOUL = ZoneInfo("Asia/Seoul")
SIGNS = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠"}
Key = tuple[str, str]


class Known(NamedTuple):
    """An alert that a channel was told of."""

    severity: Severity
    since: datetime


class Told(NamedTuple):
    """What one channel was told; ``error`` says why it was not, and then it is told the next time."""

    channel: str
    began: int
    ended: int
    error: str | None


def tell(  # noqa: PLR0913 (each says one thing)
    settings: Settings, memory: Memory, findings: Sequence[Finding], *, where: str, now: datetime, whole: bool = True
) -> tuple[list[Told], str | None]:
    """Tell every channel what it does not know yet.

    Args:
        settings: name the channels.
        memory: what each channel was told.
        findings: what is the matter now; notes are no alerts.
        where: which database, for the title.
        now: the time of the look: what began later has not ended.
        whole: False when not everything could be looked at: then nothing is taken to have ended.

    Returns:
        What each channel was told, and why it cannot be remembered, if it cannot; then all is told each time, since
        silence would be worse.

    Raises:
        SettingsError: there is no channel.
        ExtraMissing: apprise is not installed.
    """
    with memory.turn():
        return _told(memory, channels(settings), findings, where, now, whole=whole)


def _told(  # noqa: PLR0913 (as above)
    memory: Memory, to: Sequence[Channel], findings: Sequence[Finding], where: str, now: datetime, *, whole: bool
) -> tuple[list[Told], str | None]:
    told, forgotten = [], None
    for channel in to:
        try:
            known = _known(memory, channel)
        except MemoryUnavailable as error:
            known, forgotten = {}, str(error)
        itself = (UNDELIVERED.name, channel.name)  # when it hears of that, it is over
        alarming = (finding for finding in findings if finding.severity is not Severity.NOTE)
        current = {key: finding for finding in alarming if (key := (finding.rule, finding.subject)) != itself}
        began = [finding for key, finding in current.items() if key not in known or _worse(finding.severity, known[key].severity)]
        ended = {key: alert for key, alert in known.items() if whole and key not in current and alert.since <= now}
        if not began and not ended:
            told.append(Told(channel.name, 0, 0, None))
            continue
        title = f"[app-schema] {where}: {_count(len(began), 'began')}{', ' if began and ended else ''}{_count(len(ended), 'ended')}"
        refused = send(channel, title=title, body=_body(began, ended), bad=bool(began))
        told.append(Told(channel.name, len(began), len(ended), refused))
        if forgotten is None:
            try:
                if refused is None:
                    _remember(memory, channel, began, ended, now)
                note_refusal(memory, channel.key, channel.name, refused, now)
            except MemoryUnavailable as unkept:
                forgotten = str(unkept)
    return told, forgotten


def test(settings: Settings, *, where: str) -> list[Told]:
    """Send a message that says it is a test; errors as for :func:`tell`."""
    body = "This is a test: alerts of app-schema monitor arrive here.\n알림 시험입니다."
    return [
        Told(channel.name, 0, 0, send(channel, title=f"[app-schema] {where}: test", body=body, bad=False)) for channel in channels(settings)
    ]


def _known(memory: Memory, channel: Channel) -> dict[Key, Known]:
    rows = memory.read("SELECT rule, subject, severity, since FROM alert WHERE channel = ?", channel.key)
    return {(rule, subject): Known(Severity(severity), datetime.fromtimestamp(since, UTC)) for rule, subject, severity, since in rows}


def _remember(memory: Memory, channel: Channel, began: Sequence[Finding], ended: dict[Key, Known], now: datetime) -> None:
    with memory.write() as file:
        file.executemany(
            "INSERT INTO alert VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET severity = excluded.severity",
            [(channel.key, finding.rule, finding.subject, finding.severity, now.timestamp()) for finding in began],
        )
        file.executemany("DELETE FROM alert WHERE channel = ? AND rule = ? AND subject = ?", [(channel.key, *key) for key in ended])


def _worse(severity: Severity, known: Severity) -> bool:
    return severity is Severity.CRITICAL and known is Severity.WARNING


def _count(number: int, verb: str) -> str:
    return f"{number} {verb}" if number else ""


def _body(began: Sequence[Finding], ended: dict[Key, Known]) -> str:
    lines = [f"{SIGNS[finding.severity]} {finding.rule}: {finding.says}\n{finding.means}\n→ {finding.command}" for finding in began]
    lines += [f"✅ over: {rule} ({subject}), since {moments.minute(alert.since)}" for (rule, subject), alert in ended.items()]
    return "\n\n".join(lines)
