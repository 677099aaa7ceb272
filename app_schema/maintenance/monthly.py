"""The month: the restore drill, and a review of the performance that a person can read."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app_schema.backup.folder import Folder
from app_schema.engine import connect, database_url
from app_schema.errors import RestoreDiffers
from app_schema.maintenance.step import LEAST_SECONDS, Unfinished
from app_schema.monitoring import history, snapshot
from app_schema.monitoring.formats import page
from app_schema.monitoring.formats.file import replace
from app_schema.monitoring.formats.wording import duration, size
from app_schema.monitoring.tables import TABLE_BYTES
from app_schema.restore.drill import RTO
from app_schema.restore.drill import drill as try_restore
from app_schema.restore.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.maintenance.step import Work
    from app_schema.monitoring.snapshot import Snapshot

SEOUL = ZoneInfo("Asia/Seoul")
GREW_MOST = 3
DAYS = 31


def drill(work: Work) -> str:
    """Restore the newest dump into a throwaway database and compare it; the result is kept in the catalogue.

    Raises:
        RestoreDiffers: it did not come back as it was.
        Unfinished: the time was up; nothing of it is left.
    """
    server = database_url(work.settings)
    source = Source.find(Folder.of(work.settings), "latest", str(server.database))
    with _given_up(work.left):
        result = try_restore(work.settings, source, server).drill
    if not result.passed:
        raise RestoreDiffers(f"the drill of {source.name} failed: {result.error or '; '.join(result.differences)}")
    within = "within" if result.seconds <= RTO.total_seconds() else "OVER"
    return f"{source.name} came back as it was in {duration(result.seconds)}, {within} the RTO of {duration(RTO.total_seconds())}"


@contextmanager
def _given_up(seconds: float) -> Iterator[None]:
    """Interrupt the block when the time is up; its own finally clauses tidy up."""

    def give_up(_signal: int, _frame: object) -> None:
        raise Unfinished("the drill was given up, and nothing of it is left")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, LEAST_SECONDS))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


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
