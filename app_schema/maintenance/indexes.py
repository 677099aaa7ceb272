"""REINDEX CONCURRENTLY where an index is invalid or measurably bloated, and nowhere else."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import DBAPIError

from app_schema.engine import quoted, verbatim
from app_schema.errors import MemoryUnavailable
from app_schema.maintenance.step import Unfinished
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.maintenance.step import Work

MEASURED, ESTIMATED = 0.3, 0.5  # of its pages; an estimate has to be clearer
LEAST_BYTES = 1024 * 1024  # saved at least
GROWN = 1.2  # an index this little larger than just after its last rebuild cannot be bloated, whatever the estimate says
PGSTATTUPLE = "SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pgstattuple'"
FILLFACTOR = 90
TIDY_SECONDS = 5
LONGEST = 50  # a name that is longer is cut, to leave room for _ccnew
NO_TIMEOUT = "0"  # these wait for old snapshots and block nobody meanwhile


class Bloat(NamedTuple):
    """A bloated index: its bytes, the share that is too much (0 to 1), and whether that was measured or estimated."""

    name: str
    bytes: int
    share: float
    how: str


def mend(work: Work) -> str:
    """Drop what a failed rebuild left, and build invalid indexes anew."""
    said: list[str] = []
    for index, leftover in work.query("broken_indexes"):
        work.check("; ".join(said))
        command = "DROP INDEX CONCURRENTLY IF EXISTS" if leftover else "REINDEX INDEX CONCURRENTLY"
        _without_leftover(work, index, f"{command} {quoted(index)}")
        said.append(f"{'dropped the leftover' if leftover else 'rebuilt the invalid'} {index}")
    return "; ".join(said) or "no index is invalid"


def rebuild(work: Work) -> str:
    """Rebuild the indexes that are bloated, the largest first, as far as the time goes."""
    said: list[str] = []
    for found in bloated(work):
        work.check("; ".join(said))
        _without_leftover(work, found.name, f"REINDEX INDEX CONCURRENTLY {quoted(found.name)}")
        ((after,),) = work.run("SELECT pg_relation_size(%(name)s::regclass)", name=quoted(found.name))
        _remember(work, found.name, after)
        said.append(f"{found.name} {size(found.bytes)} → {size(after)} ({found.share:.0%} bloat, {found.how})")
    return "; ".join(said) or "no index is bloated"


def bloated(work: Work) -> Iterator[Bloat]:
    """Yield the indexes worth a rebuild: measured by pgstattuple where it is installed, else estimated."""
    where = work.run(PGSTATTUPLE)
    rebuilt = _rebuilt(work)
    for row in work.query("index_bloat"):
        if row.bytes <= GROWN * rebuilt.get(row.index, 0):
            continue
        share, how, limit = row.bloat, "estimated", ESTIMATED
        if where:
            work.check("measuring")
            statement = f"SELECT avg_leaf_density FROM {quoted(where[0][0])}.pgstatindex(%(name)s::regclass)"  # noqa: S608 (quoted)
            ((density,),) = work.run(statement, name=quoted(row.index))
            share, how, limit = max(0.0, 1 - density / (row.fillfactor or FILLFACTOR)), "measured", MEASURED
        if share >= limit and share * row.bytes >= LEAST_BYTES:
            yield Bloat(row.index, row.bytes, share, how)


def _without_leftover(work: Work, index: str, statement: str) -> None:
    try:
        work.alone(verbatim(statement), lock_timeout=NO_TIMEOUT)
    except (DBAPIError, Unfinished):
        # What it leaves is invalid and costs every write; if this fails as well, the next run finds it.
        with suppress(DBAPIError, Unfinished):
            after = replace(work, deadline=time.monotonic() + TIDY_SECONDS)
            for name, leftover in after.query("broken_indexes"):
                if leftover and name.startswith(index[:LONGEST]):
                    after.alone(verbatim(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(name)}"))
        raise


def _rebuilt(work: Work) -> dict[str, int]:
    try:
        return dict(work.memory.read("SELECT name, bytes FROM rebuilt"))
    except MemoryUnavailable:
        return {}  # then an index that only the estimate calls bloated is rebuilt once more


def _remember(work: Work, index: str, size: int) -> None:
    with suppress(MemoryUnavailable), work.memory.write() as file:
        file.execute("INSERT OR REPLACE INTO rebuilt VALUES (?, ?, ?)", [index, time.time(), size])
