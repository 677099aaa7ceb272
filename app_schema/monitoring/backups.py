"""Backups by age, size and last proof: a job that never ran cannot report itself, so they are judged by the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import Kind
from app_schema.backup.folder import Folder
from app_schema.backup.taking import address
from app_schema.engine import database_url
from app_schema.errors import BackupError
from app_schema.monitoring.backup_rules import judge
from app_schema.monitoring.look import Unseen
from app_schema.monitoring.topic import Metric, Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from app_schema.backup.entry import Entry
    from app_schema.backup.event import Drill
    from app_schema.monitoring.look import Look, Server
    from app_schema.settings import Settings


class Backup(NamedTuple):
    """One backup of this database or its server, newest first.

    Attributes:
        kind: dump, snapshot, base, incremental …
        finished: when it was whole.
        status: complete, partial or damaged.
        verified: when its bytes were last found as written.
        drilled: when a full drill of it last passed, here or on another machine.
        drill_seconds: how long that took.
        drill_error: why a drill failed, if none that is at least as thorough has passed since; None otherwise.
        remarks: what a backup of a cluster cannot prove or bring back, with the cure.
        passwords: False of a snapshot whose role could not read the passwords of roles.
        quick_drilled: when a quick drill of it last passed.
        quick_failed: whether the drill that failed was a quick one.
    """

    backup: str
    kind: str
    started: datetime
    finished: datetime
    took_seconds: float
    size_bytes: int
    status: str
    encryption: str | None
    verified: datetime | None
    drilled: datetime | None
    drill_seconds: float | None
    drill_error: str | None
    uploaded: datetime | None
    passwords: bool
    remarks: tuple[str, ...] = ()
    quick_drilled: datetime | None = None
    quick_failed: bool = False


def read(look: Look) -> Sequence[Backup]:
    """Read the catalogue; backups of other databases are not counted."""
    try:
        folder = folder_of(look.settings)
        entries, problems = Catalogue(folder).read() if folder else ([], [])
    except (BackupError, OSError) as error:  # which is not the same as no backup
        raise Unseen(str(error), "ls -ld {}".format(look.settings.backup_dir or look.settings.home / "backups")) from None
    for problem in problems:
        look.remark(f"{problem.file}: {problem.message}")
    where = address(database_url(look.settings))
    ours = [entry for entry in entries if look.server.database in entry.databases or entry.physical]
    # entries of before they noted their cluster: of an address where a base backup of this one was taken
    once = {entry.server for entry in entries if not entry.rescued and entry.system and entry.system == look.server.system_identifier}
    here = [entry for entry in ours if counts(entry, look.server, where) or _counted_once(entry, look.server, once)]
    if others := sorted({entry.server for entry in ours if entry not in here and not entry.rescued}):
        left = sum(entry not in here and not entry.rescued for entry in ours)
        look.remark(f"{left} backups were taken from {', '.join(others)} and are not counted for {where}")
    if copies := sum(entry not in here and entry.rescued for entry in ours):
        look.remark(f"{copies} backups were taken from a rescued copy and are not counted for {where}")
    return [_row(entry) for entry in reversed(here) if entry.kind is not Kind.MASKED]


def counts(entry: Entry, server: Server, where: str) -> bool:
    """Whether a backup is one of this server's: of the same cluster at any address, so that a promoted standby has its predecessor's.

    Args:
        entry: the backup.
        server: which answered.
        where: its address, by which backups are told apart whose cluster is not known, and dumps of a server made anew.
    """
    if entry.rescued or server.rescued:  # what a rescued copy holds is its own
        return entry.rescued and server.rescued and entry.server == where
    if entry.system is not None and entry.system == server.system_identifier:
        return True
    return entry.server == where and (entry.physical is None or server.system_identifier is None)


def _counted_once(entry: Entry, server: Server, addresses: set[str]) -> bool:
    return entry.system is None and not entry.rescued and not server.rescued and entry.server in addresses


def folder_of(settings: Settings) -> Folder | None:
    """Return the folder of backups, None where nothing was ever backed up: looking makes no folder."""
    if settings.backup_dir is None and not (settings.home / "backups").is_dir():
        return None
    return Folder.of(settings)


def _row(entry: Entry) -> Backup:
    sound = [look.at for look in entry.verified if look.error is None]
    failed = entry.failed_drill
    passed = [drill for drill in entry.drills if drill.passed and not drill.quick]
    quick = [drill.at for drill in entry.drills if drill.passed and drill.quick]
    return Backup(
        *(entry.id, str(entry.kind), entry.started, entry.finished, entry.seconds, entry.size, entry.status, entry.encryption),
        verified=sound[-1] if sound else None,
        drilled=passed[-1].at if passed else None,
        drill_seconds=passed[-1].seconds if passed else None,
        drill_error=_reason(failed) if failed else None,
        uploaded=entry.uploads[-1].at if entry.uploads else None,
        remarks=entry.remarks,
        passwords=entry.passwords,
        quick_drilled=quick[-1] if quick else None,
        quick_failed=failed is not None and failed.quick,
    )


def _reason(drill: Drill) -> str:
    more = f" and {len(drill.differences) - 1} more differences" if len(drill.differences) > 1 else ""
    return (drill.error or f"{drill.differences[0]}{more}").strip().partition("\n")[0]


def measure(rows: Sequence[Backup]) -> Iterator[Metric]:
    """Measure times, not ages: whoever reads them knows what time it is."""
    for kind in sorted({row.kind for row in rows}):
        of_kind = [row for row in rows if row.kind == kind]
        labels = {"type": kind}
        yield Metric(
            "pgbackup_last_success_timestamp_seconds", "When the newest backup was whole.", of_kind[0].finished.timestamp(), labels
        )
        yield Metric("pgbackup_last_size_bytes", "Size of the newest backup.", of_kind[0].size_bytes, labels)
        yield Metric("pgbackup_last_duration_seconds", "How long the newest backup took.", of_kind[0].took_seconds, labels)
        if verified := [row.verified for row in of_kind if row.verified]:
            help_text = "When a backup was last found as it was written."
            yield Metric("pgbackup_last_verify_timestamp_seconds", help_text, max(verified).timestamp(), labels)
        if drilled := [row.drilled for row in of_kind if row.drilled]:
            yield Metric("pgbackup_last_drill_timestamp_seconds", "When a restore last proved a backup.", max(drilled).timestamp(), labels)
    yield Metric("pgbackup_size_bytes", "Size of all backups.", sum(row.size_bytes for row in rows))


BRIEF = ("backup", "finished", "took_seconds", "size_bytes", "status", "encryption", "verified", "drilled")
LEAST = ("took_seconds", "encryption", "verified", "finished", "drilled", "status")  # the id has the time, too
BACKUPS = Topic("backups", "Backups", "백업", Backup, read, measure, judge, brief=BRIEF, least=LEAST)
