"""Connections: how many in which state, and the transaction that has been open the longest."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Metric, Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app_schema.monitoring.look import Look

FULL = 0.8  # of max_connections
LONG = timedelta(hours=1)  # VACUUM removes nothing that a transaction might still see
FULL_RULE = Rule(
    "connections-full",
    Severity.CRITICAL,
    "New clients are refused once max_connections is reached.",
    "app-schema monitor, then close idle clients or put a pooler in front",
)
LONG_RULE = Rule(
    "long-transaction",
    Severity.WARNING,
    "While it is open VACUUM can remove nothing newer, and tables bloat.",
    "psql: SELECT pid, usename, application_name, xact_start FROM pg_stat_activity ORDER BY xact_start LIMIT 5",
)
UNSEEN = "hidden"
HIDDEN = "sessions of other users are hidden; the owner of the server can show them with: GRANT pg_monitor TO {user}"


class Connections(NamedTuple):
    """The sessions in one state.

    Attributes:
        connections: of this database.
        longest_transaction_seconds: of the oldest transaction among them; None without one.
        waiting_for_locks: how many of them wait for a lock.
        server_connections: of all databases.
        max_connections: for the whole server.
    """

    state: str
    connections: int
    longest_transaction_seconds: float | None
    waiting_for_locks: int
    server_connections: int
    max_connections: int


def read(look: Look) -> Sequence[Connections]:
    """Read pg_stat_activity."""
    if not look.server.monitors:
        look.hide(HIDDEN.format(user=look.server.user))
    return [Connections(*row) for row in look.query("connections")]


def measure(rows: Sequence[Connections]) -> Iterator[Metric]:
    """Measure sessions by state and the longest transaction."""
    for row in rows:
        yield Metric("app_schema_connections", "Sessions of the database by state.", row.connections, {"state": row.state})
    if any(row.state == UNSEEN for row in rows):  # one of theirs may be older
        return
    longest = max((row.longest_transaction_seconds or 0 for row in rows), default=0)
    yield Metric("app_schema_longest_transaction_seconds", "Age of the oldest open transaction of the database.", longest)


def judge(rows: Sequence[Connections], _look: Look) -> Iterator[Finding]:
    """Find a server that is nearly full and a transaction that was forgotten."""
    if rows and rows[0].server_connections >= FULL * rows[0].max_connections:
        yield FULL_RULE.finding("server", f"{rows[0].server_connections} of {rows[0].max_connections} connections are taken")
    for row in rows:
        if row.longest_transaction_seconds and row.longest_transaction_seconds > LONG.total_seconds():
            yield LONG_RULE.finding(
                row.state, f"a transaction has been open for {row.longest_transaction_seconds / 3600:.1f} h ({row.state})"
            )


CONNECTIONS = Topic(
    "connections", "Connections", "연결 수", Connections, read, measure, judge, least=("max_connections", "server_connections")
)
