"""After a failover: what is remembered of the primary before goes on with the standby that was promoted, at its own address.

The memory is found by address, so that it works while the database is down. Each file therefore notes which cluster its
address led to as a primary, and on which timeline: a promotion begins a new one. A copy that ``restore cluster`` made is left
out until it takes its source's place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from app_schema.memory import Memory
    from app_schema.monitoring.look import Server

KNOWN = "SELECT system, timeline FROM cluster WHERE database = ? AND schema = ?"
OF_OTHER = """
SELECT timeline, (SELECT max(taken) FROM other.look) FROM other.cluster WHERE system = ? AND database = ? AND schema = ?
"""
HAS_CLUSTERS = "SELECT count(*) FROM other.sqlite_master WHERE name = 'cluster'"
TIMES = {"alert": "since", "refused": "since", "failed_job": "taken", "confirmation": "taken", "rebuilt": "taken"}


class _Predecessor(NamedTuple):
    timeline: int
    taken: float
    file: Path


def carry_along(memory: Memory, server: Server, schema: str) -> datetime | None:
    """Take over history, alerts and failures from the address where this cluster was before; return the last look there.

    That happens once, on the first look at a primary whose address is new or whose timeline is newer than the one known.

    Raises:
        MemoryUnavailable: a file cannot be read or kept; nothing was taken over, and the next look tries again.
    """
    if server.system_identifier is None or server.timeline is None or server.rescued:
        return None
    known = memory.read(KNOWN, server.database, schema)
    if known == [(server.system_identifier, server.timeline)]:
        return None
    before = known[0][1] if known and known[0][0] == server.system_identifier else None
    found = _newest(memory, server, schema)
    if found is not None and (before is None or found.timeline > before):
        _take_over(memory, found, stale=before is not None)
    else:
        found = None
    with memory.write() as file:
        file.execute("DELETE FROM cluster")
        file.execute("INSERT INTO cluster VALUES (?, ?, ?, ?)", [server.system_identifier, server.timeline, server.database, schema])
    return datetime.fromtimestamp(found.taken, UTC) if found else None


def _newest(memory: Memory, server: Server, schema: str) -> _Predecessor | None:
    found = []
    for path in memory.others():
        with memory.beside(path) as file:
            if file.execute(HAS_CLUSTERS).fetchone() == (0,):  # of a version that did not note them
                continue
            for timeline, taken in file.execute(OF_OTHER, [server.system_identifier, server.database, schema]).fetchall():
                if taken is not None:
                    found.append(_Predecessor(timeline, taken, path))
    return max(found, default=None)


def _take_over(memory: Memory, found: _Predecessor, *, stale: bool) -> None:
    """Copy what the predecessor knows; what was noted at this address since its last look prevails.

    Args:
        memory: of this address.
        found: the predecessor.
        stale: what this address noted earlier is from before it was left for the predecessor, and is over.
    """
    with memory.beside(found.file), memory.write() as file:
        for table, column in TIMES.items():
            if stale:
                file.execute(f"DELETE FROM {table} WHERE {column} <= ?", [found.taken])  # noqa: S608 (names of our own)
            file.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM other.{table}")  # noqa: S608
        for table in ("behind", "sample", "look"):
            file.execute(f"DELETE FROM {table}")  # noqa: S608
        for table in ("behind", "look", "sample"):
            file.execute(f"INSERT INTO {table} SELECT * FROM other.{table}")  # noqa: S608
