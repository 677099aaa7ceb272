"""What the policy asks of backups: age, size, soundness, encryption, copies elsewhere, and a drill a month."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from app_schema.backup import chain
from app_schema.backup.encryption import can_open
from app_schema.backup.entry import Kind
from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from app_schema.monitoring.backups import Backup
    from app_schema.monitoring.look import Look

# The policy's table, and how long a kind that was ever made may be missing.
RPO = {
    Kind.DUMP: timedelta(hours=24),
    Kind.BASE: timedelta(hours=24),
    Kind.INCREMENTAL: timedelta(hours=1),
    Kind.SNAPSHOT: timedelta(days=7),
}
RTO = {Kind.DUMP: timedelta(hours=4), Kind.BASE: timedelta(hours=4), Kind.INCREMENTAL: timedelta(hours=2)}
FULL = (Kind.DUMP, Kind.BASE)
LOGICAL = (Kind.DUMP, Kind.SNAPSHOT)
GRACE = timedelta(minutes=10)  # and as long as the last one took: the one that runs now may still end well
CHANGE, LEAST_BYTES, BEFORE = 0.5, 1024 * 1024, 7  # abrupt: by half against the median of the last seven
PROVEN = timedelta(days=35)  # a drill a month, on a Saturday
COMMAND = "app-schema backup {kind}"
DRILLED = "app-schema restore drill"
AWAY_FROM_HERE = "on a machine that has the key: app-schema backup fetch {backup} && app-schema restore drill {backup}"

NONE = Rule("backup-age", Severity.CRITICAL, "What was written since would be lost with the server.", "app-schema backup dump")
OLD = Rule("backup-age", Severity.WARNING, "The policy promises to lose no more than that.", COMMAND)
SIZE = Rule("backup-size", Severity.WARNING, "Rows are missing, or something writes far more than it did.", "app-schema restore drill")
DAMAGED = Rule("backup-damaged", Severity.CRITICAL, "It cannot be restored.", "app-schema backup verify, then app-schema backup {kind}")
PARTIAL = Rule(
    "backup-partial",
    Severity.WARNING,
    "A restore would lack what could not be read.",
    "app-schema backup list; dump as the owner of everything",
)
REMARK = Rule(
    "backup-remark",
    Severity.NOTE,
    "The backup is good; this is what it cannot prove or bring back.",
    "app-schema backup base, after what the line says",
)
# how the role was set up, and no fault of the backup: every database of it comes back whole
PASSWORDLESS = Rule(
    "backup-no-passwords",
    Severity.NOTE,
    "A new server would get the roles without their passwords.",
    "GRANT pg_read_all_data TO the role of DATABASE_URL, or set the passwords anew after a restore",
)
PLAIN = Rule(
    "backup-unencrypted",
    Severity.WARNING,
    "Every dump holds password hashes.",
    "set APP_SCHEMA_BACKUP_AGE_RECIPIENTS or APP_SCHEMA_BACKUP_PASSPHRASE_FILE",
)
DRILL = Rule("drill-overdue", Severity.WARNING, "A backup is worth what its restore proved.", "app-schema restore drill")
FAILED = Rule("drill-failed", Severity.CRITICAL, "Until a drill passes nothing proves that it can be restored.", "app-schema restore drill")
SLOW = Rule(
    "drill-slow", Severity.WARNING, "The policy promises to be back sooner.", "app-schema restore drill; faster disks, or restore cluster"
)
AWAY = Rule("backup-not-uploaded", Severity.WARNING, "It would be lost with this machine.", "app-schema backup upload {backup}")


def judge(rows: Sequence[Backup], look: Look) -> Iterator[Finding]:
    """Judge the newest of each kind, and the last drill."""
    yield from _full(rows, look.now)
    for kind in RPO:
        of_kind = [row for row in rows if row.kind == kind]
        if of_kind:
            yield from _newest(of_kind, look)
    yield from _drills(rows, look)


def _full(rows: Sequence[Backup], now: datetime) -> Iterator[Finding]:
    newest = next((row for row in rows if row.kind in FULL and row.status != "damaged"), None)
    if newest is None:
        yield NONE.finding("full", "there is no good dump and no good base backup")
    elif _late(newest, now):
        yield NONE.finding("full", f"the newest {newest.kind} is {_ago(newest.finished, now)} old, the policy is one in 24 hours")


def _newest(rows: Sequence[Backup], look: Look) -> Iterator[Finding]:
    newest, kind = rows[0], rows[0].kind
    if kind not in FULL and _late(newest, look.now):
        yield OLD.finding(kind, f"the newest {kind} is {_ago(newest.finished, look.now)} old", command=COMMAND.format(kind=kind))
    if newest.status == "damaged":
        again = DAMAGED.command.format(kind=Kind.BASE if kind == Kind.INCREMENTAL else kind)
        yield DAMAGED.finding(kind, f"{newest.backup} is damaged", command=again)
    elif newest.status == "partial":
        yield PARTIAL.finding(kind, f"{newest.backup} lacks what its user could not read")
    for remark in newest.remarks:
        yield REMARK.finding(kind, f"{newest.backup}: {remark}")
    if not newest.passwords:
        yield PASSWORDLESS.finding(kind, f"{newest.backup} holds no passwords of roles: its role may not read pg_authid")
    if newest.encryption is None and kind in (Kind.DUMP, Kind.SNAPSHOT):
        yield PLAIN.finding(kind, f"{newest.backup} is not encrypted")
    if look.settings.backup_s3_url and newest.uploaded is None:
        yield AWAY.finding(
            kind, f"{newest.backup} was not copied to {look.settings.backup_s3_url}", command=AWAY.command.format(backup=newest.backup)
        )
    usual = usual_size(rows)
    if usual is not None and kind != Kind.INCREMENTAL and abs(newest.size_bytes - usual) > max(CHANGE * usual, LEAST_BYTES):
        yield SIZE.finding(kind, f"{newest.backup} has {size(newest.size_bytes)}, usual are {size(usual)}")


def usual_size(of_kind: Sequence[Backup]) -> float | None:
    """Return the median size in bytes of what came before the newest of a kind; None when there is nothing to compare with."""
    before = [row.size_bytes for row in of_kind[1 : 1 + BEFORE]]
    return median(before) if before else None


def _drills(rows: Sequence[Backup], look: Look) -> Iterator[Finding]:
    if not rows:
        return
    now = look.now
    for family in (chain.KINDS, LOGICAL):
        of_family = [row for row in rows if row.kind in family]
        if failed := next((row for row in of_family if row.drill_error and not _is_ended(row, of_family)), None):
            yield FAILED.finding(failed.kind, f"the drill of {failed.backup} failed: {failed.drill_error}", command=_drill(failed, look))
    drilled = max((row for row in rows if row.drilled), key=lambda row: row.drilled or now, default=None)
    # the first backup has a month to be drilled
    since = drilled.drilled if drilled and drilled.drilled else rows[-1].finished
    if now - since > PROVEN:
        yield DRILL.finding(
            "drill",
            f"{'the last full drill was' if drilled else 'there was no full drill in'} {_ago(since, now)}{' ago' if drilled else ''}",
            command=_drill(next((row for row in rows if row.kind in LOGICAL), rows[0]), look),
        )
    limit = RTO.get(Kind(drilled.kind)) if drilled else None
    if drilled and limit and (drilled.drill_seconds or 0) > limit.total_seconds():
        yield SLOW.finding(
            "drill",
            f"the drill of {drilled.backup} took {_span(drilled.drill_seconds or 0)}, the policy promises {_span(limit.total_seconds())}",
        )


def _is_ended(failed: Backup, of_family: Sequence[Backup]) -> bool:
    """Whether a drill of a newer backup has passed that is at least as thorough as the one that failed."""
    newer = [row for row in of_family if row.finished > failed.finished]
    return any(row.drilled or (failed.quick_failed and row.quick_drilled) for row in newer)


def _drill(row: Backup, look: Look) -> str:
    """Return the command for a drill of such a backup, and where to run it if this host cannot open it."""
    if row.kind in chain.KINDS:
        return f"{DRILLED} --cluster"
    return DRILLED if can_open(look.settings, row.encryption) else AWAY_FROM_HERE.format(backup=row.backup)


def _late(newest: Backup, now: datetime) -> bool:
    # every full backup is a day's, whichever of the two kinds it is
    return now - newest.finished > RPO[Kind(newest.kind)] + GRACE + timedelta(seconds=newest.took_seconds)


def _ago(then: datetime, now: datetime) -> str:
    return _span((now - then).total_seconds())


def _span(seconds: float) -> str:
    return f"{seconds / 86_400:.1f} days" if seconds > 2 * 86_400 else f"{seconds / 3600:.1f} hours"
