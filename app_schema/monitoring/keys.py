"""Foreign keys without an index: deleting one parent reads the whole table of its children."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app_schema.monitoring.look import Look

RULE = Rule("key-unindexed", Severity.WARNING, "Deleting a row of the parent reads this table whole.", "psql: CREATE INDEX CONCURRENTLY")


class Key(NamedTuple):
    """A foreign key that no index begins with."""

    key: str
    table: str
    columns: str
    parent: str
    partitioned: bool


def read(look: Look) -> Sequence[Key]:
    """Read the catalog."""
    return [Key(*row) for row in look.query("keys")]


def judge(rows: Sequence[Key], _look: Look) -> Iterator[Finding]:
    """Every such key is a finding."""
    for row in rows:
        command = f"psql: CREATE INDEX CONCURRENTLY ON {row.table} ({row.columns})"
        if row.partitioned:
            command = f"psql: CREATE INDEX ON {row.table} ({row.columns}); in a quiet moment, since nobody can write to it meanwhile"
        yield RULE.finding(row.key, f"{row.table} ({row.columns}) refers to {row.parent} without an index", command=command)


KEYS = Topic("keys", "Foreign keys without an index", "인덱스 없는 외래 키", Key, read, judge=judge)
