"""Months made ahead, and rows of a default partition moved home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from app_schema.errors import AppSchemaError
from app_schema.maintenance.step import QUERY_CANCELED
from app_schema.monitoring.partitions import OURS
from app_schema.objects import LOCK_TIMEOUT

if TYPE_CHECKING:
    from app_schema.maintenance.step import Work

AHEAD = 3
ENSURE = f"SELECT * FROM ensure_partitions({AHEAD})"  # noqa: S608 (a constant)


def ensure(work: Work) -> str:
    """Make this month and the next three, and move the rows home that wait in a default partition.

    It holds the tables for as long as the move takes, so waiting and moving together get no longer than others may be
    made to wait.

    Raises:
        AppSchemaError: another session holds a table for longer, or more rows wait than can be moved in that time.
    """
    made = work.patiently(lambda: _in_time(work))
    if not made:
        return f"{AHEAD} months ahead are there"
    moved = sum(rows for _, rows in made)
    return f"made {', '.join(name for name, _ in made)}; {moved:,} rows moved home"


def _in_time(work: Work) -> list[tuple[str, int]]:
    with work.timed():
        work.connection.exec_driver_sql(f"SET statement_timeout = '{LOCK_TIMEOUT}'")
        try:
            return [tuple(row) for row in work.connection.exec_driver_sql(ENSURE)]
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != QUERY_CANCELED:
                raise
    if told := work.holders(OURS, held="4 s"):
        raise AppSchemaError(f"another session holds a lock it needs: {told}; end it, or wait for the next run")
    raise AppSchemaError(
        f"moving the rows of the default partitions takes longer than {LOCK_TIMEOUT}, in which nobody could write; in a quiet"
        f" hour run: psql -c '{ENSURE}'"
    )
