"""The policy's checklists: each box checked, or not, from facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app_schema.errors import MemoryUnavailable
from app_schema.monitoring.backup_rules import PROVEN, usual_size
from app_schema.monitoring.history import series
from app_schema.monitoring.units import duration, shown, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_schema.memory import Memory
    from app_schema.monitoring.backups import Backup
    from app_schema.monitoring.snapshot import Snapshot
    from app_schema.settings import Settings

MONTH = timedelta(days=31)
TREND_DAYS = 30
REVIEW = "policy-review"


class Box(NamedTuple):
    """One line of a list: whether it is checked, and the fact that says so."""

    korean: str
    checked: bool
    fact: str


class Facts(NamedTuple):
    """What the boxes are judged by."""

    snapshot: Snapshot
    memory: Memory
    settings: Settings

    @property
    def now(self) -> datetime:
        """When the snapshot was taken."""
        return self.snapshot.taken

    def newest(self, *kinds: str) -> Backup | None:
        """Return the newest backup of some kinds."""
        return next((row for row in self.snapshot.rows("backups") if row.kind in kinds), None)

    def against(self, *rules: str) -> list[str]:
        """Return what was found by some rules."""
        return [finding.says for finding in self.snapshot.findings if finding.rule in rules]


def check(name: str, snapshot: Snapshot, memory: Memory, settings: Settings) -> list[Box]:
    """Return the list ``daily``, ``weekly`` or ``monthly``; what cannot be known is not checked."""
    facts = Facts(snapshot, memory, settings)
    return [Box(korean, *_judged(judge, topic, facts)) for korean, judge, topic in LISTS[name]]


def _judged(judge: Callable[[Facts], tuple[bool, str]], topic: str | None, facts: Facts) -> tuple[bool, str]:
    reading = facts.snapshot.reading(topic) if topic else None
    if reading and not reading.whole:
        return False, f"{reading.state}: {reading.unread or '; '.join(reading.remarks)}"
    try:
        return judge(facts)
    except MemoryUnavailable as error:
        return False, str(error)


def confirm(memory: Memory, item: str, *, by: str, now: datetime) -> None:
    """Remember that a person confirmed what no fact can tell.

    Raises:
        MemoryUnavailable: it was not kept.
    """
    with memory.write() as file:
        file.execute("INSERT OR REPLACE INTO confirmation VALUES (?, ?, ?)", [item, now.timestamp(), by])


def _full(facts: Facts) -> tuple[bool, str]:
    newest = facts.newest("dump", "base")
    bad = facts.against("backup-age", "backup-damaged")
    return not bad and newest is not None, "; ".join(bad) or (_told(newest) if newest else "there is none")


def _size(facts: Facts) -> tuple[bool, str]:
    newest, bad = facts.newest("dump", "base"), facts.against("backup-size")
    if newest is None or bad:
        return False, "; ".join(bad) or "there is no backup"
    usual = usual_size([row for row in facts.snapshot.rows("backups") if row.kind == newest.kind])
    if usual is None:  # then nobody has checked it for a change, whatever its size
        return False, f"{size(newest.size_bytes)}; it is the only {newest.kind}, so there is nothing to compare it with before the next"
    return True, f"{size(newest.size_bytes)}, usual are {size(usual)}"


def _disk(facts: Facts) -> tuple[bool, str]:
    rows = facts.snapshot.rows("disk")
    told = ", ".join(f"{row.what} {row.used_ratio:.0%}" for row in rows)
    if not any(row.what.startswith("data") for row in rows):  # of a server on another machine
        return False, "; ".join([*([told] if told else []), *facts.snapshot.reading("disk").remarks])
    return not facts.against("disk-full"), told


def _snapshot(facts: Facts) -> tuple[bool, str]:
    newest = facts.newest("snapshot")
    fresh = newest is not None and facts.now - newest.finished < timedelta(days=7, hours=12) and newest.status != "damaged"
    return fresh, _told(newest) if newest else "there is none; run: app-schema backup snapshot"


def _upload(facts: Facts) -> tuple[bool, str]:
    if not facts.settings.backup_s3_url:
        return False, "no storage is set; set APP_SCHEMA_BACKUP_S3_URL"
    week = [row for row in facts.snapshot.rows("backups") if facts.now - row.finished < timedelta(days=7)]
    sent = [row for row in week if row.uploaded]
    return bool(week) and len(sent) == len(week), f"{len(sent)} of the {len(week)} backups of the last 7 days"


def _pruned(facts: Facts) -> tuple[bool, str]:
    keep = {"dump": timedelta(days=facts.settings.backup_dump_days), "snapshot": timedelta(weeks=facts.settings.backup_snapshot_weeks)}
    old = [
        row for row in facts.snapshot.rows("backups") if row.kind in keep and facts.now - row.finished > keep[row.kind] + timedelta(days=2)
    ]
    return not old, f"{len(old)} backups are older than the policy keeps them" + ("; run: app-schema backup prune" if old else "")


def _drill(facts: Facts) -> tuple[bool, str]:
    drilled = max((row for row in facts.snapshot.rows("backups") if row.drilled), key=lambda row: row.drilled, default=None)
    bad = facts.against("drill-failed")
    if drilled is None and bad:
        return False, f"{bad[0]}; run: app-schema restore drill"
    if drilled is None:
        return False, "there was none; run: app-schema restore drill"
    told = f"{shown('drilled', drilled.drilled)}, {drilled.backup} restored in {duration(drilled.drill_seconds)}"
    return facts.now - drilled.drilled <= PROVEN and not bad, "; ".join([*bad, told])


def _review(facts: Facts) -> tuple[bool, str]:
    rows = facts.memory.read("SELECT taken, by FROM confirmation WHERE item = ?", REVIEW)
    if not rows:
        return False, f"never confirmed; when it is done: app-schema monitor --confirm {REVIEW}"
    taken = datetime.fromtimestamp(rows[0][0], UTC)
    late = "" if facts.now - taken <= MONTH else f"; when it is done again: app-schema monitor --confirm {REVIEW}"
    return not late, f"last confirmed {shown('taken', taken)} by {rows[0][1]}{late}"


def _trend(facts: Facts) -> tuple[bool, str]:
    told = []
    for row in facts.snapshot.rows("disk"):
        points = series(facts.memory, "app_schema_disk_used_ratio", now=facts.now, days=TREND_DAYS, what=row.what)
        days = (points[-1].taken - points[0].taken) / timedelta(days=1) if points else 0
        if days < 1:
            continue
        growth = (points[-1].value - points[0].value) / days
        until = f", full in {(1 - points[-1].value) / growth:,.0f} days" if growth > 0 else ""
        told.append(f"{row.what} {points[0].value:.1%} → {points[-1].value:.1%} in {days:.0f} days{until}")
    return bool(told), "; ".join(told) or "less than a day was measured; let app-schema monitor run by the schedule"


def _told(row: Backup) -> str:
    return f"{row.backup}, {shown('finished', row.finished)}, {size(row.size_bytes)}, {row.status}"


# each box with the topic that has to be read whole for it
LISTS: dict[str, tuple[tuple[str, Callable[[Facts], tuple[bool, str]], str | None], ...]] = {
    "daily": (
        ("전체 백업 성공 여부 확인", _full, "backups"),
        ("백업 파일 크기 확인 (급격한 증감 체크)", _size, "backups"),
        ("디스크 공간 확인 (80% 이상 시 알림)", _disk, "disk"),
    ),
    "weekly": (
        ("스냅샷 백업 성공 여부 확인", _snapshot, "backups"),
        ("백업 파일 S3 업로드 확인", _upload, "backups"),
        ("오래된 백업 파일 정리 확인", _pruned, "backups"),
    ),
    "monthly": (
        ("복구 테스트 실행", _drill, "backups"),
        ("백업 정책 검토", _review, None),
        ("디스크 사용량 트렌드 분석", _trend, "disk"),
    ),
}
TITLES = {"daily": "일일 점검", "weekly": "주간 점검", "monthly": "월간 점검"}
