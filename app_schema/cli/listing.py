"""Backups laid out for a terminal of any width: ids are never cut, and what finds no room is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from app_schema.cli.sizes import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app_schema.backup.entry import Entry
    from app_schema.backup.retention import Decision

PIPE_WIDTH = 240
NONE = "-"
GAP = 2  # columns between two
RIGHT = {"size", "took", "rows"}
FOLDED = {"databases": 12, "drill": 10, "why": 12}  # columns that may take several lines, and how narrow they may get
LEAST = ("took", "encryption", "verified", "rows", "size", "drill", "databases")  # goes first where there is no room


def show_entries(entries: Sequence[Entry]) -> None:
    """Print the catalogue."""
    _show(
        {
            "id": [entry.id for entry in entries],
            "databases": [_what(entry) for entry in entries],
            "size": [size(entry.size) for entry in entries],
            "took": [f"{entry.seconds:,.1f} s" for entry in entries],
            "rows": [_rows(entry) for entry in entries],
            "encryption": [entry.encryption or "none" for entry in entries],
            "status": [entry.status for entry in entries],
            "verified": [f"{entry.verified[-1].at:%Y-%m-%d}" if entry.verified else "never" for entry in entries],
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


def _show(columns: Mapping[str, Sequence[str]]) -> None:
    terminal = Console(highlight=False)
    to = terminal if terminal.is_terminal else Console(highlight=False, width=PIPE_WIDTH)
    widths = {heading: _width(heading, cells) for heading, cells in columns.items()}
    hidden = _too_many(widths, to.width)
    table = Table(box=None, pad_edge=False)
    shown = [heading for heading in columns if heading not in hidden]
    for heading in shown:
        folds = heading in FOLDED
        least = widths[heading] if folds else None
        table.add_column(heading, justify="right" if heading in RIGHT else "left", no_wrap=not folds, min_width=least, overflow="fold")
    for row in zip(*(columns[heading] for heading in shown), strict=True):
        table.add_row(*row)
    to.print(table)
    if hidden:
        click.echo(f"no room for: {', '.join(hidden)} (a wider terminal or a pipe shows them)", err=True)


def _what(entry: Entry) -> str:
    if entry.physical is None:
        return ", ".join(entry.databases)
    return "its changes" if entry.physical.parent else "the cluster"


def _rows(entry: Entry) -> str:
    proofs = [part.database.proof for part in entry.parts if part.database and part.database.proof]
    counted = [table.rows for proof in proofs for table in proof.tables.values() if table.rows is not None]
    return f"{sum(counted):,}" if counted else NONE  # none were counted, which is not that there are none


def _drill(entry: Entry) -> str:
    return f"{entry.drills[-1].at:%Y-%m-%d} {'passed' if entry.drills[-1].passed else 'FAILED'}" if entry.drills else "never"


def _width(heading: str, cells: Iterable[str]) -> int:
    widest = max(map(cell_len, (heading, *cells)))
    return min(widest, FOLDED.get(heading, widest))


def _too_many(widths: Mapping[str, int], room: int) -> list[str]:
    """Return the columns that must go, no more of them than needed."""
    hidden: list[str] = []
    for least in (heading for heading in LEAST if heading in widths):
        shown = [width for heading, width in widths.items() if heading not in hidden]
        if sum(shown) + GAP * (len(shown) - 1) <= room:
            break
        hidden.append(least)
    return hidden
