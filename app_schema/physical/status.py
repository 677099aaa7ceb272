"""``backup wal --status``: how far the archive is behind the server, and what is in the way of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app_schema.backup import chain, origin
from app_schema.backup.catalogue import Catalogue
from app_schema.engine import connect_to, database_url
from app_schema.errors import BackupUnknown
from app_schema.physical import archive, route, slot
from app_schema.physical.base import IDENTITY
from app_schema.physical.segments import parse_lsn, show_lsn

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.physical.archive import Archive
    from app_schema.physical.segments import Segment
    from app_schema.settings import Settings

REASON = "its reason is in the server's log"
PATIENCE = 60  # seconds that a segment may wait
MAY_LIST = text("SELECT has_function_privilege('pg_ls_archive_statusdir()', 'EXECUTE')")
READY = text("""
    SELECT count(*) AS count, extract(epoch FROM clock_timestamp() - min(modification))::float AS seconds
    FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'
""")
RPO = timedelta(minutes=5)  # of WAL, by the policy's table
NO_TIMEOUT = "archive_timeout is 0, so that a quiet server archives nothing: ALTER SYSTEM SET archive_timeout = 300, then reload"
ARCHIVER = text("""
    SELECT current_setting('archive_mode') AS mode, current_setting('archive_timeout') AS timeout, last_failed_wal,
        coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failing
    FROM pg_stat_archiver
""")


@dataclass(frozen=True)
class Status:
    """What the server and the archive say.

    Attributes:
        receiver: ``receiving``, ``away`` (a slot without anybody), ``lost`` or ``none``.
        archiver: ``archiving``, ``failing`` or ``off``: the server's own archive_command.
        retained_bytes: what the server keeps for the receiver.
        newest: the newest file of the archive.
        newest_at: when WAL was last written to it.
        behind_bytes: of the server's WAL, what is not in the archive.
        behind_seconds: since when, at most.
        missing_segments: between the newest backup and the end of the archive.
        gap: why the archive does not go on from the newest backup, and what to do; None when it does.
        elsewhere: that the receiver writes into another archive than this; None when it does not.
        problems: a line each.
    """

    system_identifier: str
    receiver: str
    archiver: str
    retained_bytes: int
    newest: str | None
    newest_at: datetime | None
    behind_bytes: int
    behind_seconds: float
    missing_segments: int
    gap: str | None
    elsewhere: str | None
    problems: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        return asdict(self) | {"newest_at": self.newest_at.isoformat() if self.newest_at else None}


def look(settings: Settings, folder: Folder) -> Status:
    """Compare the settings' server with the archive.

    Raises:
        ServerUnreachable: it is not there.
    """
    with connect_to(database_url(settings)) as connection:
        state = slot.look(connection)
        identity = connection.execute(IDENTITY).one()
        archiver = connection.execute(ARCHIVER).one()
        waiting = _waiting(connection) if archiver.mode != "off" and connection.scalar(MAY_LIST) else None
    wal = archive.Archive(archive.place_of(settings, folder) / identity.system, identity.segment_bytes)
    newest = max(wal.segments, default=None)
    path = wal.file_of(newest) if newest else None
    at = _written_at(wal)
    behind = state.behind
    if behind is None:
        end = (newest.number + (0 if path and path.suffix else 1)) * wal.segment_bytes if newest else 0
        behind = max(0, parse_lsn(state.lsn) - end)
    receiver = {"missing": "none", "lost": "lost"}.get(state.status, "receiving" if state.active else "away")
    archiving = "off" if archiver.mode == "off" else "failing" if archiver.failing or waiting else "archiving"
    elsewhere = _elsewhere(wal, newest, parse_lsn(state.lsn) - state.retained) if receiver in ("receiving", "away") else None
    seconds = state.lag
    if at and (receiver in ("away", "lost") or behind >= wal.segment_bytes):  # else the server archives what it has not finished later
        seconds = (datetime.now(UTC) - at).total_seconds() if behind else 0.0
    kept = f", and the server keeps {state.retained / 1e6:,.0f} MB for it" if state.retained else ""
    absence = _absence(wal, kept) if receiver == "away" else None
    missing, gap = _missing(folder, identity.system, wal)
    problems = (
        (origin.NOTE,)
        if identity.rescued
        else tuple(
            line
            for there, line in (
                (receiver == "none" and archiving == "off", "no WAL is archived: run app-schema backup wal, or set archive_command"),
                (absence is not None, str(absence)),
                (elsewhere is not None, str(elsewhere)),
                (receiver == "lost", "the slot is lost: run app-schema backup wal, then take a new base with app-schema backup base"),
                (
                    state.status == "unreserved",
                    "the slot is about to be lost: raise max_slot_wal_keep_size, and see why the receiver is slow",
                ),
                (receiver == "none" and archiving != "off" and archiver.timeout == "0", NO_TIMEOUT),
                (archiving == "failing" and waiting is None, f"archive_command fails on {archiver.last_failed_wal}: {REASON}"),
                (waiting is not None, str(waiting)),
                (seconds > RPO.total_seconds(), f"the archive is {seconds:,.0f} s behind, over the RPO of {RPO.total_seconds():,.0f} s"),
                (gap is not None, str(gap)),
            )
            if there
        )
    )
    return Status(
        identity.system,
        receiver,
        archiving,
        state.retained,
        path.name if path else None,
        at,
        behind,
        seconds,
        missing,
        gap,
        elsewhere,
        problems,
    )


def _absence(wal: Archive, kept: str) -> str:
    """Say whether one runs and cannot receive, its disk being full for one."""
    if not archive.is_attended(wal.path):
        return f"the receiver is away{kept}: run app-schema backup wal"
    free = shutil.disk_usage(wal.path).free / 1e6
    return f"the receiver runs and cannot receive{kept}: what it said last says why ({free:,.0f} MB are free in {wal.path})"


def _written_at(wal: Archive) -> datetime | None:
    """Return when WAL was last written; what was cut short while it was made holds none."""
    for segment in sorted(wal.segments, reverse=True):
        with archive.opened(wal.file_of(segment)) as file:
            found = os.fstat(file.fileno())
        if found.st_size == wal.segment_bytes:
            return datetime.fromtimestamp(found.st_mtime, UTC)
    return None


def _waiting(connection: Connection) -> str | None:
    """Say what waits to be archived; a program that cannot be run at all is counted nowhere as a failure."""
    row = connection.execute(READY).one()
    if row.seconds is None or row.seconds < PATIENCE:
        return None
    return f"{row.count} segments wait for archive_command, the first for {row.seconds:,.0f} s: {REASON}"


def _elsewhere(wal: Archive, newest: Segment | None, written: int) -> str | None:
    """Say that the receiver does not write into this archive: what the server no longer keeps for it should be here."""
    end = (newest.number + 1) * wal.segment_bytes if newest else 0
    if end >= written:
        return None
    return (
        f"the receiver has written up to {show_lsn(written)}, and {wal.path} ends at {show_lsn(end)}:"
        " APP_SCHEMA_BACKUP_DIR or APP_SCHEMA_BACKUP_WAL_DIR names another folder than it was started with, or files were removed"
    )


def _missing(folder: Folder, system: str, wal: Archive) -> tuple[int, str | None]:
    """Return how many segments are missing after the newest backup, and what to do about it."""
    try:
        newest: Entry = chain.newest(Catalogue(folder).read()[0], system)
    except BackupUnknown as error:
        return 0, str(error)
    start = parse_lsn(chain.place(newest).stop_lsn)
    timeline = max((segment.timeline for segment in wal.segments), default=chain.place(newest).timeline)
    way = route.legs(wal, start, chain.place(newest).timeline, timeline)
    if way is None:
        return 0, f"timeline {timeline} does not come after {newest.id}: take a new base with app-schema backup base"
    gap = route.find(wal, way).gap
    return (route.count_missing(wal, way), f"{gap.says}: {route.NEW_BASE}") if gap else (0, None)
