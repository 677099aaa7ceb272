"""The archive of WAL: whether it goes on from the newest base backup. Whoever fills it, replication judges by its lag."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.taking import address
from app_schema.engine import database_url
from app_schema.errors import BackupError, ServerUnreachable
from app_schema.monitoring.backups import counts, folder_of
from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.look import Unseen
from app_schema.monitoring.topic import Metric, Topic
from app_schema.monitoring.units import moment
from app_schema.physical import status
from app_schema.physical.memory import recall

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app_schema.monitoring.look import Look

NOBODY = Rule(
    "wal-not-archived",
    Severity.CRITICAL,
    "Base backups can be restored to their own ends only: what was committed since would be lost with the server.",
    "app-schema backup wal, or app-schema schedule systemd, which keeps it running",
)
GAP = Rule(
    "wal-gap",
    Severity.CRITICAL,
    "No point in time beyond it can be reached.",
    "app-schema backup base",
)
ELSEWHERE = Rule(
    "wal-elsewhere",
    Severity.CRITICAL,
    "A restore reads this archive, and what the receiver writes is not in it.",
    "app-schema backup wal --status",
)
HOLE = Rule(
    "wal-hole",
    Severity.NOTE,
    "No moment from there to the next backup can be restored; later ones can.",
    "app-schema backup verify",
)


class Archive(NamedTuple):
    """The archive of this server's WAL.

    Attributes:
        receiver: receiving, away, lost or none.
        archiver: archiving, failing or off: the server's own ``archive_command``.
        newest: its newest file; None when there is none.
        missing_segments: between the newest backup and that.
        gap: why it does not go on from that backup; None when it does.
        elsewhere: that the receiver writes into another archive; None when it does not.
        holes: what ``backup verify`` found missing or damaged in the window: a segment, or timeline:LSN, and since when that is known.
    """

    receiver: str
    archiver: str
    newest: str | None
    missing_segments: int
    gap: str | None
    elsewhere: str | None
    holes: tuple[str, ...]


def read(look: Look) -> Sequence[Archive]:
    """Compare the server with the archive, if base backups of it are in the catalogue; without one nobody relies on WAL."""
    try:
        folder = folder_of(look.settings)
        entries = Catalogue(folder).read()[0] if folder else []
        where = address(database_url(look.settings))
        if folder is None or look.server.standby or look.server.rescued:
            return []
        if not any(entry.physical and counts(entry, look.server, where) for entry in entries):
            return []
        found = status.look(look.settings, folder)
    except (BackupError, ServerUnreachable, OSError) as error:
        raise Unseen(str(error), "app-schema backup wal --status") from None
    holes = recall(folder, found.system_identifier).gaps.items()
    known = tuple(f"{first}, known since {moment(since)}" for first, since in holes)
    return [Archive(found.receiver, found.archiver, found.newest, found.missing_segments, found.gap, found.elsewhere, known)]


def measure(rows: Sequence[Archive]) -> Iterator[Metric]:
    """Count the segments that are missing."""
    for row in rows:
        yield Metric(
            "pgbackup_wal_missing_segments", "Segments of WAL missing in the archive after the newest backup.", row.missing_segments
        )


def judge(rows: Sequence[Archive], _look: Look) -> Iterator[Finding]:
    """Find an archive that nobody fills, and one with a hole."""
    for row in rows:
        if row.receiver == "none" and row.archiver == "off":
            yield NOBODY.finding("wal", "base backups are taken, and no WAL is archived")
        elif row.elsewhere:
            yield ELSEWHERE.finding("wal", row.elsewhere)
        elif row.gap:
            yield GAP.finding("wal", row.gap)
        for hole in row.holes if not row.gap else ():
            yield HOLE.finding(hole.partition(",")[0], f"WAL is missing or damaged from {hole}")


BRIEF = ("receiver", "archiver", "newest", "missing_segments", "gap")
WAL = Topic("wal", "Archive of WAL", "WAL 보관", Archive, read, measure, judge, brief=BRIEF, least=("newest",))
