"""A progress bar on a terminal, nothing in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from types import TracebackType

    from app_schema.seeding import Order


class Bar:
    """Counts the rows of an order."""

    def __init__(self, console: Console, total: float) -> None:
        columns = (TextColumn("{task.description:20}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("", total=total)

    @classmethod
    def on_terminal(cls, order: Order) -> Self | None:
        """Return a bar where a person watches stderr, else None."""
        console = Console(stderr=True)
        return cls(console, order.rows) if console.is_terminal else None

    def advance(self, table: str, rows: int) -> None:
        """Note that so many more rows of a table were sent."""
        self._progress.update(self._task, advance=rows, description=table)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()
