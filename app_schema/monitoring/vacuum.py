"""Dead rows that wait for VACUUM, and how far each table is from a wraparound of transaction numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Metric, Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from app_schema.monitoring.look import Look

MANY_DEAD, ENOUGH = 0.3, 10_000  # of the rows; fewer cost nothing
OLD_AGE, DANGER_AGE = 0.9, 1_500_000_000  # of autovacuum_freeze_max_age; the server stops near 2^31
DEAD = Rule("dead-rows", Severity.WARNING, "Queries read dead rows too, and the table grows.", "app-schema optimize")
AGE = Rule(
    "wraparound",
    Severity.WARNING,
    "At 2 billion transactions the server takes no more writes; autovacuum should freeze long before.",
    "app-schema maintain weekly",
)
DANGER = Rule(
    "wraparound", Severity.CRITICAL, AGE.means, "psql: VACUUM (FREEZE, VERBOSE), and look for what holds it back: app-schema monitor"
)
OTHERS = "the rest of the database"


class Upkeep(NamedTuple):
    """What VACUUM has to do in one table or partition.

    Attributes:
        dead_rows: since the last VACUUM, as the statistics count.
        age: of its oldest transaction number.
        age_limit: at which autovacuum freezes whether it is on or not.
    """

    table: str
    rows: int
    dead_rows: int
    dead_ratio: float
    last_vacuum: datetime | None
    last_analyze: datetime | None
    age: int
    age_limit: int


def read(look: Look) -> Sequence[Upkeep]:
    """Read pg_stat_user_tables, the worst tables, and the age of the database."""
    return [Upkeep(*row) for row in look.query("vacuum")]


def measure(rows: Sequence[Upkeep]) -> Iterator[Metric]:
    """Measure dead rows and the greatest age."""
    yield Metric("app_schema_dead_rows", "Rows that wait for VACUUM.", sum(row.dead_rows for row in rows))
    yield Metric("app_schema_transaction_age", "Age of the oldest transaction number of the database.", max(row.age for row in rows))


def judge(rows: Sequence[Upkeep], _look: Look) -> Iterator[Finding]:
    """Find what VACUUM does not keep up with."""
    for row in rows:
        if row.dead_rows >= ENOUGH and row.dead_ratio >= MANY_DEAD:
            yield DEAD.finding(row.table, f"{row.table}: {row.dead_rows:,} dead rows, {row.dead_ratio:.0%} of it")
        if row.age >= min(OLD_AGE * row.age_limit, DANGER_AGE):
            rule = DANGER if row.age >= DANGER_AGE else AGE
            yield rule.finding(row.table, f"{row.table}: {row.age:,} transactions old, autovacuum freezes at {row.age_limit:,}")


VACUUM = Topic(
    "vacuum", "Dead rows and age", "VACUUM 필요도", Upkeep, read, measure, judge, least=("age_limit", "last_analyze", "last_vacuum")
)
