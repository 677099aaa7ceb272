"""Sequences near their end; ours are uuid keys, but a schema may hold others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Topic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Sequence as Rows

    from app_schema.monitoring.look import Look

NEAR = 0.8
RULE = Rule("sequence-ending", Severity.CRITICAL, "At the end every insert fails.", "widen the column and the sequence to bigint")


class Sequence(NamedTuple):
    """A sequence that counts up; ``limit`` is the smaller of its own and that of the column it fills."""

    sequence: str
    last_value: int
    limit: int
    used_ratio: float


def read(look: Look) -> Rows[Sequence]:
    """Read pg_sequences, of the whole database."""
    return [Sequence(*row) for row in look.query("sequences")]


def judge(rows: Rows[Sequence], _look: Look) -> Iterator[Finding]:
    """Find those with little left."""
    for row in rows:
        if row.used_ratio >= NEAR:
            yield RULE.finding(row.sequence, f"{row.sequence} stands at {row.last_value:,} of {row.limit:,}")


SEQUENCES = Topic("sequences", "Sequences", "시퀀스", Sequence, read, judge=judge)
