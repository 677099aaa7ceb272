"""The month: the restore drill, and a review of the performance that a person can read."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app_schema.engine import connect
from app_schema.errors import RestoreDiffers
from app_schema.maintenance.step import LEAST_SECONDS, Unfinished
from app_schema.monitoring import history, snapshot
from app_schema.monitoring.formats import page
from app_schema.monitoring.formats.file import replace
from app_schema.monitoring.tables import TABLE_BYTES
from app_schema.monitoring.units import size

if TYPE_CHECKING:
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


def drill(work: Work) -> str:
    """Restore the newest dump into a throwaway database and compare it; the result is kept in the catalogue.

    In a process of its own, which tidies up behind itself when it is told to stop.

    Raises:
        RestoreDiffers: it did not come back as it was, or there was nothing to restore.
        Unfinished: the time was up.
    """
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
        raise RestoreDiffers(complained.strip().rpartition("error: ")[2] or f"the drill ended with {process.returncode}")
    return said.strip()


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
