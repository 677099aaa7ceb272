"""A progress bar on a terminal, nothing in a pipe."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    FileSizeColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import TransferSpeedColumn as SpeedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from app_schema.restore.source import Source
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


@contextmanager
def counting(what: str, total: float | None = None) -> Iterator[Callable[[int], None] | None]:
    """Show bytes as they pass where a person watches stderr, and yield what to tell of them; else yield None."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), SpeedColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda passed: progress.advance(task, passed)


@contextmanager
def copying(what: str) -> Iterator[Callable[[int, int | None], None] | None]:
    """Show how many bytes have come, of how many, where a person watches stderr; yield what to tell of both."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(None), FileSizeColumn(), SpeedColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def steps() -> Iterator[Callable[[str], None] | None]:
    """Show the step that is under way, and for how long in all, where a person watches stderr; yield what to tell of it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("")
        yield lambda step: progress.update(task, description=step)


@contextmanager
def reading(source: Source) -> Iterator[Callable[[int], None] | None]:
    """Show how much of a backup is checked before it is restored."""
    with counting(f"restoring {source.name}", source.path.stat().st_size if source.path.exists() else None) as report:
        yield report
