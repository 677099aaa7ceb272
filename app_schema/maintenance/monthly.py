"""The month: the restore drill, and a review of the performance that a person can read."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app_schema import moments
from app_schema.backup import drill_results
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.encryption import can_open
from app_schema.backup.folder import Folder
from app_schema.backup.upload import Bucket
from app_schema.engine import connect, database_url
from app_schema.errors import BackupUnknown, RestoreDiffers
from app_schema.maintenance.step import LEAST_SECONDS, Unfinished
from app_schema.monitoring import history, snapshot
from app_schema.monitoring.backup_rules import LOGICAL, PROVEN
from app_schema.monitoring.backups import folder_of
from app_schema.monitoring.formats import page
from app_schema.monitoring.formats.file import replace
from app_schema.monitoring.tables import TABLE_BYTES
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry
    from app_schema.maintenance.step import Work
    from app_schema.monitoring.snapshot import Snapshot

SEOUL = ZoneInfo("Asia/Seoul")
GREW_MOST = 3
DAYS = 31
DRILL = [
    sys.executable,
    "-c",
    "from app_schema.cli import main; main()",
    "restore",
    "drill",
    "latest",
]  # the settings are the environment's
ELSEWHERE = (
    "not tried here, since this host has no key that opens {backup}: on a machine that has it, run"
    " app-schema backup fetch {backup} && app-schema restore drill {backup}; {back}"
)
COMES_BACK = "its result comes back with the copies"
DOES_NOT = "set APP_SCHEMA_BACKUP_S3_URL on both, and its result comes back"


def drill(work: Work) -> str:
    """Restore the newest dump into a throwaway database and compare it; the result is kept in the catalogue.

    In a process of its own, which tidies up behind itself when it is told to stop. Where this host has no key that opens the dump, the
    result of a drill on another machine counts, and without one the line says where to run it; that it is overdue, the monitor finds.

    Raises:
        RestoreDiffers: it did not come back as it was, or there was nothing to restore.
        Unfinished: the time was up.
        BackupError: the results of other machines could not be read.
    """
    if (newest := _newest(work)) and not can_open(work.settings, newest.encryption):
        return _elsewhere(work, newest)
    process = subprocess.Popen(DRILL, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")  # noqa: S603 (ours)
    with process:
        try:
            said, complained = process.communicate(timeout=max(work.left, LEAST_SECONDS))
        except subprocess.TimeoutExpired:
            raise Unfinished("the drill was given up") from None
        finally:
            if process.poll() is None:  # given up, or Ctrl-C
                process.terminate()
    if process.returncode:
        said_so = [line.removeprefix("error: ") for line in complained.splitlines() if line.startswith("error: ")]
        raise RestoreDiffers(said_so[-1] if said_so else f"the drill ended with {process.returncode}")
    return said.strip()


def _newest(work: Work) -> Entry | None:
    """Return the backup that a drill would take, None if there is none, which the drill says."""
    folder = folder_of(work.settings)
    try:
        return Catalogue(folder).find("latest", kinds=LOGICAL, database=database_url(work.settings).database) if folder else None
    except BackupUnknown:
        return None


def _elsewhere(work: Work, newest: Entry) -> str:
    catalogue, bucket = Catalogue(Folder.of(work.settings)), Bucket.of(work.settings)
    refused: list[str] = []
    if bucket:
        drill_results.take(catalogue, bucket, refused.append)
    database = database_url(work.settings).database
    drilled = [entry for entry in catalogue.read()[0] if entry.kind in LOGICAL and database in entry.databases and entry.drills]
    for entry in reversed(drilled):
        passed = [drill for drill in entry.drills if drill.passed and not drill.quick]
        if failed := entry.failed_drill:
            raise RestoreDiffers(f"the drill of {entry.id} on {moments.minute(failed.at)} failed: {failed.error or failed.differences[0]}")
        if passed and datetime.now(UTC) - passed[-1].at <= PROVEN:
            last = passed[-1]
            return "; ".join(
                [f"{entry.id} was restored on another machine on {moments.minute(last.at)}, in {last.seconds:,.1f} s", *refused]
            )
    return "; ".join([ELSEWHERE.format(backup=newest.id, back=COMES_BACK if bucket else DOES_NOT), *refused])


def review(work: Work) -> str:
    """Write the monitor's page beneath the home, and say what grew and what is not as it should be.

    Raises:
        OutputUnwritable: the page could not be kept.
        ExtraMissing: what draws the page is not installed.
    """
    with connect(work.settings) as connection:  # in transactions, where the work's own is in autocommit
        taken = snapshot.take(connection, work.settings, work.memory)
    folder = work.settings.home.expanduser() / "reviews"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{taken.server.database}-{taken.taken.astimezone(SEOUL):%Y-%m}.html"
    replace(file, page.render(taken, work.memory))
    found = ", ".join(finding.rule for finding in taken.alarming) or "all is well"
    return f"{_growth(taken, work)}; {found}; {file}"


def _growth(taken: Snapshot, work: Work) -> str:
    grown = []
    for row in taken.rows("tables"):
        points = history.series(work.memory, TABLE_BYTES, now=taken.taken, days=DAYS, table=row.table)
        if points:
            grown.append((row.total_bytes - int(points[0].value), row.table))
    grown = sorted((each for each in grown if each[0] > 0), reverse=True)[:GREW_MOST]
    return "grew most in a month: " + ", ".join(f"{table} {size(grew, signed=True)}" for grew, table in grown) if grown else "no table grew"
