"""Verdicts in words, the same on a terminal and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.monitoring.finding import Severity

if TYPE_CHECKING:
    from app_schema.monitoring.snapshot import Snapshot


def verdict(snapshot: Snapshot) -> str:
    """Say in one line whether all is well."""
    count = len(snapshot.wrong)
    said = (
        f"{count} thing{'s' if count > 1 else ''} to see to"
        if count
        else "nothing wrong in what could be read"
        if snapshot.unread
        else "all is well"
    )
    of = {"could not be read": [reading for reading in snapshot.readings if reading.unread is not None]}
    of["could be read in part only"] = [reading for reading in snapshot.readings if reading.unread is None and reading.hidden]
    more = [
        f"{len(those)} topic{'s' if len(those) > 1 else ''} {how}: {', '.join(reading.topic.name for reading in those)}"
        for how, those in of.items()
        if those
    ]
    return "; ".join([said, *more])


def verdict_in_korean(snapshot: Snapshot) -> str:
    """Say the same in Korean."""
    count, unread, alarming = len(snapshot.wrong), snapshot.unread, snapshot.alarming
    worst = "긴급" if any(finding.severity is Severity.CRITICAL for finding in alarming) else "주의"
    said = f"{worst}: 확인할 일 {count}건" if count else "읽은 항목에는 이상 없음" if unread else "모두 정상"
    return f"{said}, 읽지 못한 항목 {len(unread)}개" if unread else said
