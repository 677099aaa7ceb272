"""Disk: what is free where the server's data, the backups and the archive of WAL lie."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from app_schema.engine import database_url
from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Metric, Topic
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app_schema.monitoring.look import Look

FULL = 0.8
NEARLY_NONE = 0.95
HERE = (None, "", "localhost", "127.0.0.1", "::1")
RULE = Rule(
    "disk-full",
    Severity.WARNING,
    "When it is full the server stops, or no backup can be written.",
    "app-schema backup prune --dry-run, or a larger disk",
)
CRITICAL = Rule(RULE.name, Severity.CRITICAL, RULE.means, RULE.command)
TOGETHER = "data and backups"
SAME = Rule(
    "backup-same-disk",
    Severity.NOTE,
    "Whoever loses the disk loses both.",
    "set APP_SCHEMA_BACKUP_DIR to another, or APP_SCHEMA_BACKUP_S3_URL",
)
REMOTE = "the server's own disk cannot be seen by SQL; watch it on its machine, or by running app-schema monitor there"


class Disk(NamedTuple):
    """A file system.

    Attributes:
        what: lies on it: data, backups, WAL (if its folder is another), or several of them: data and backups.
        free_bytes: that an ordinary user may still take.
    """

    what: str
    path: str
    total_bytes: int
    free_bytes: int
    used_ratio: float


def read(look: Look) -> Sequence[Disk]:
    """Ask the operating system; the server's disk only when it is this machine's."""
    places = {}
    url = database_url(look.settings)
    if (url.query.get("host") or url.host) in HERE or str(url.query.get("host", "")).startswith("/"):
        if look.server.monitors:
            places["data"] = Path(look.run("SHOW data_directory")[0][0])
        else:
            look.hide(f"the data directory is hidden; the owner of the server can show it with: GRANT pg_monitor TO {look.server.user}")
    else:
        look.remark(REMOTE)
    backups = look.settings.backup_dir or look.settings.home / "backups"
    if os.path.lexists(backups) or look.settings.backup_dir is not None:
        places["backups"] = backups
    if look.settings.backup_wal_dir is not None:
        places["WAL"] = look.settings.backup_wal_dir
    found: dict[int, Disk] = {}
    for what, path in places.items():
        if disk := _disk(look, what, path):
            same = found.setdefault(path.stat().st_dev, disk)
            found[path.stat().st_dev] = same if same is disk else same._replace(what=f"{same.what} and {what}")
    return list(found.values())


def _disk(look: Look, what: str, path: Path) -> Disk | None:
    try:
        usage = shutil.disk_usage(path)
    except OSError as error:
        look.hide(
            f"{path} cannot be looked at ({error.strerror}); {REMOTE}"
            if what == "data"
            else f"{path} cannot be looked at: {error.strerror}"
        )
        return None
    # as df counts: what is kept for root is not free
    return Disk(what, str(path), usage.total, usage.free, round(usage.used / (usage.used + usage.free), 4))


def measure(rows: Sequence[Disk]) -> Iterator[Metric]:
    """Measure how full each is."""
    for row in rows:
        yield Metric("app_schema_disk_used_ratio", "How full a file system is, 0 to 1.", row.used_ratio, {"what": row.what})
        yield Metric("app_schema_disk_free_bytes", "What is free on a file system.", row.free_bytes, {"what": row.what})


def judge(rows: Sequence[Disk], look: Look) -> Iterator[Finding]:
    """Find one at 80 % or more, and backups that lie beside the data and nowhere else."""
    for row in rows:
        if row.what.startswith(TOGETHER) and not look.settings.backup_s3_url:
            yield SAME.finding("backups", f"the backups lie on the disk of the data ({row.path})")
        if row.used_ratio >= FULL:
            rule = CRITICAL if row.used_ratio >= NEARLY_NONE else RULE
            yield rule.finding(
                row.what, f"the disk of the {row.what} is {row.used_ratio:.0%} full, {size(row.free_bytes)} free ({row.path})"
            )


DISK = Topic("disk", "Disk", "디스크", Disk, read, measure, judge, least=("path", "total_bytes"))
