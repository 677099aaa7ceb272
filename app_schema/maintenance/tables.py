"""ANALYZE where statistics are stale, VACUUM where dead rows or age ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from app_schema.engine import quoted, verbatim
from app_schema.errors import AppSchemaError
from app_schema.maintenance.step import LOCK_NOT_AVAILABLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app_schema.maintenance.step import Work

WEEKLY = ("chat_rooms", "messages", "agents", "agent_sessions", "customer_sessions")  # by the policy, whatever the counters say


def analyze(work: Work) -> str:
    """Analyse what has changed."""
    return _each(work, "ANALYZE", work.query("stale_statistics"))


def analyze_weekly(work: Work) -> str:
    """Analyse the five tables that the policy names, and what has changed beside them."""
    stale = work.query("stale_statistics")
    there = {name for (name,) in work.run("SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(%(schema)s)")}
    return _each(work, "ANALYZE", [*stale, *((name,) for name in WEEKLY if name in there and (name,) not in stale)])


def vacuum(work: Work) -> str:
    """Vacuum where dead rows ask for it."""
    found = work.query("dead_rows")
    said = _each(work, "VACUUM (ANALYZE)", found)
    return f"{said}; {sum(row.dead_rows for row in found):,} dead rows were there" if found else said


def freeze(work: Work) -> str:
    """Freeze old transaction numbers before autovacuum does so in a hurry."""
    return _each(work, "VACUUM (FREEZE)", work.query("old_tables"))


def _each(work: Work, command: str, rows: Sequence[Any]) -> str:
    done: list[str] = []
    locked: list[str] = []
    for row in rows:
        work.check(_said(command, done))
        statement = verbatim(f"{command} {quoted(row[0])}")
        try:
            work.patiently(lambda statement=statement: work.alone(statement))  # type: ignore[misc]
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            locked.append(row[0])  # the others are not made to wait for it
        else:
            done.append(row[0])
    if locked:
        told = work.holders(locked, strong=True)
        raise AppSchemaError(f"another session holds a lock on {', '.join(locked)}{f': {told}' if told else ''}; {_said(command, done)}")
    return _said(command, done)


def _said(command: str, done: list[str]) -> str:
    return f"{command}: {', '.join(done)}" if done else "nothing asks for it"
