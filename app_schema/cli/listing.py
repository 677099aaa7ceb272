"""Backups laid out for a terminal of any width: ids are never cut, and what finds no room is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema import moments
from app_schema.cli.echo import echo
from app_schema.columns import Columns, no_room, show
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from app_schema.backup.entry import Entry
    from app_schema.backup.retention import Decision

NONE = "-"
RIGHT = frozenset({"size", "took", "rows"})
FOLDED = {"taken": 10, "databases": 12, "drill": 10, "why": 12}  # columns that may take several lines, and how narrow they may get
LEAST = ("took", "encryption", "verified", "rows", "taken", "size", "drill", "databases")  # goes first where there is no room


def show_entries(entries: Sequence[Entry]) -> None:
    """Print the catalogue."""
    _show(
        {
            "id": [entry.id for entry in entries],
            "taken": [moments.minute(entry.started) for entry in entries],
            "databases": [_what(entry) for entry in entries],
            "size": [size(entry.size) for entry in entries],
            "took": [f"{entry.seconds:,.1f} s" for entry in entries],
            "rows": [_rows(entry) for entry in entries],
            "encryption": [entry.encryption or "none" for entry in entries],
            "status": [entry.status for entry in entries],
            "verified": [moments.day(entry.verified[-1].at) if entry.verified else "never" for entry in entries],
            "drill": [_drill(entry) for entry in entries],
        }
    )


def show_decisions(decided: Sequence[Decision], *, dry_run: bool) -> None:
    """Print what stays, what goes, and why."""
    gone = "would go" if dry_run else "gone"
    _show(
        {
            "id": [decision.entry.id for decision in decided],
            "databases": [_what(decision.entry) for decision in decided],
            "size": [size(decision.entry.size) for decision in decided],
            "": ["kept" if decision.keep else gone for decision in decided],
            "why": [decision.reason for decision in decided],
        }
    )


def _show(cells: Mapping[str, Sequence[str]]) -> None:
    columns = Columns(cells, right=RIGHT, folded=FOLDED, least=LEAST)
    hidden: list[str] = []

    def laid_out(room: int | None) -> Table:
        table, out = columns.fit(room)
        hidden.extend(out)
        return table

    show(laid_out)
    if hidden:
        echo(no_room(hidden), err=True)


def _what(entry: Entry) -> str:
    of = " (a rescued copy)" if entry.rescued else ""
    if entry.physical is None:
        return ", ".join(entry.databases) + of
    return f"{'its changes' if entry.physical.parent else 'the cluster'}{of}"


def _rows(entry: Entry) -> str:
    proofs = [part.database.proof for part in entry.parts if part.database and part.database.proof]
    counted = [table.rows for proof in proofs for table in proof.tables.values() if table.rows is not None]
    return f"{sum(counted):,}" if counted else NONE  # none were counted, which is not that there are none


def _drill(entry: Entry) -> str:
    if not entry.drills:
        return "never"
    shown = entry.failed_drill or entry.drills[-1]
    return f"{moments.day(shown.at)} {'quick ' * shown.quick}{'passed' if shown.passed else 'FAILED'}"
