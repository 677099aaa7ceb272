"""Indexes: which are used, which nothing needs, which are broken."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Metric, Topic
from app_schema.monitoring.units import moment, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app_schema.monitoring.look import Look

# the documents ask for both, although a composite index covers each: what we make ourselves is no news
KEPT = ("idx_chat_rooms_agent_id", "idx_messages_room_id")
LONG_ENOUGH = timedelta(days=7)  # an index of a weekly report has not been used before
INVALID = Rule("index-invalid", Severity.WARNING, "It costs every write and serves no query; a build of it failed.", "app-schema optimize")
DUPLICATE = Rule(
    "index-duplicate", Severity.WARNING, "Two indexes of the same columns: every write pays twice.", "psql: DROP INDEX CONCURRENTLY {index}"
)
REDUNDANT = Rule(
    "index-redundant",
    Severity.NOTE,
    "A longer index begins with its columns and serves the same queries.",
    "psql: DROP INDEX CONCURRENTLY {index}, unless it is wanted for its smaller size",
)
UNUSED = Rule(
    "index-unused",
    Severity.NOTE,
    "No query has used it since the statistics began; a replica counts its own.",
    "psql: DROP INDEX CONCURRENTLY {index}, once the replicas have not used it either",
)


class Index(NamedTuple):
    """One index, those of its partitions counted with it.

    Attributes:
        use: primary, unique, used, unused, or unknown while the statistics are younger than a week.
        scans: since the statistics began.
        entries_written: since then: what it costs.
        covered_by: an index that serves the same queries; with exactly its columns when it is a duplicate.
    """

    name: str
    table: str
    use: str
    size_bytes: int
    scans: int
    entries_written: int
    valid: bool
    covered_by: str | None
    duplicate: bool
    partitioned: bool


def read(look: Look) -> Sequence[Index]:
    """Read the catalog and pg_stat_user_indexes."""
    rows = look.query("indexes")
    began = look.server.stats_reset
    if look.counting < LONG_ENOUGH:
        since = moment(began) if began else f"the start of the server, {moment(look.server.started)}"
        look.remark(f"use is counted since {since}, too short a time to call an index unused")
    elif began:
        look.remark(f"use is counted since {moment(began)}")
    tables = defaultdict(list)
    for row in rows:
        tables[row.table].append(row)
    return [
        Index(
            row.name,
            row.table,
            _use(row, look),
            row.size_bytes,
            row.scans,
            row.entries_written,
            row.valid,
            *_cover(row, tables[row.table]),
            row.partitioned,
        )
        for row in rows
    ]


def _use(row: Any, look: Look) -> str:
    if row.is_primary:
        return "primary"
    if row.is_unique:
        return "unique"
    if row.scans:
        return "used"
    return "unused" if look.counting >= LONG_ENOUGH else "unknown"


def _cover(row: Any, others: list[Any]) -> tuple[str | None, bool]:
    """Return an index of the same table that serves every query which ``row`` serves, and whether it has the same columns."""
    if row.is_primary or row.is_unique or not row.valid:
        return None, False
    for other in sorted(others, key=lambda other: (len(other.keys), other.name)):
        # of two equal ones only the younger is superfluous
        if other is row or not other.valid or other.kind != row.kind or (other.keys == row.keys and not _older(other, row)):
            continue
        if row.kind == other.kind == "btree" and row.keys == other.keys[: len(row.keys)] and row.predicate == other.predicate:
            return other.name, row.keys == other.keys
        if row.keys == other.keys and row.predicate == other.predicate:
            return other.name, True
    return None, False


def _older(other: Any, row: Any) -> bool:
    return bool(other.is_unique or other.number < row.number)


def measure(rows: Sequence[Index]) -> Iterator[Metric]:
    """Measure what is superfluous."""
    yield Metric("app_schema_indexes_bytes", "Size of all indexes of the schema.", sum(row.size_bytes for row in rows))
    yield Metric("app_schema_indexes_invalid", "Indexes that are invalid.", sum(not row.valid for row in rows))
    yield Metric(
        "app_schema_indexes_unused", "Indexes without a scan since the statistics began.", sum(row.use == "unused" for row in rows)
    )


def judge(rows: Sequence[Index], _look: Look) -> Iterator[Finding]:
    """Find what is broken, double, redundant, unused."""
    for row in rows:
        cost = f"{size(row.size_bytes)}, {row.entries_written:,} entries written"
        if not row.valid:
            yield INVALID.finding(row.name, f"{row.name} on {row.table} is invalid")
        elif row.covered_by and (row.duplicate or row.name not in KEPT):
            rule = DUPLICATE if row.duplicate else REDUNDANT
            yield rule.finding(row.name, f"{row.name} is covered by {row.covered_by} ({cost})", command=_command(rule, row))
        elif row.use == "unused":
            yield UNUSED.finding(row.name, f"{row.name} was never used ({cost})", command=_command(UNUSED, row))


def _command(rule: Rule, row: Index) -> str:
    command = rule.command.format(index=row.name)
    if not row.partitioned:
        return command
    return f"{command.replace('DROP INDEX CONCURRENTLY', 'DROP INDEX')}; in a quiet moment, since it locks {row.table} and its partitions"


LEAST = ("duplicate", "covered_by", "valid", "table", "entries_written")  # what matters of these is a finding
INDEXES = Topic("indexes", "Indexes", "인덱스 사용률", Index, read, measure, judge, least=LEAST)
