"""The month: the restore drill, and a review of the performance that a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app_schema.monitoring import history, snapshot
from app_schema.monitoring.formats import page
from app_schema.monitoring.formats.file import replace
from app_schema.monitoring.formats.wording import size
from app_schema.monitoring.tables import TABLE_BYTES

if TYPE_CHECKING:
    from app_schema.maintenance.step import Work
    from app_schema.monitoring.snapshot import Snapshot

SEOUL = ZoneInfo("Asia/Seoul")
GREW_MOST = 3
DAYS = 31


def review(work: Work) -> str:
    """Write the monitor's page beneath the home, and say what grew and what is not as it should be.

    Raises:
        OutputUnwritable: the page could not be kept.
        ExtraMissing: what draws the page is not installed.
    """
    work.connection.execution_options(isolation_level="READ COMMITTED")  # each topic is a transaction of its own
    try:
        taken = snapshot.take(work.connection, work.settings, work.memory)
    finally:
        work.connection.execution_options(isolation_level="AUTOCOMMIT")
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
