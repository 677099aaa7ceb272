"""A progress bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from app_schema.backup.steps import UNWATCHED
from app_schema.cli.echo import echo
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from rich.progress import Task, TaskID

    from app_schema.backup.steps import Steps
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


class Step:
    """Shows one step at a time: what is being done, the bytes that have passed and the time it takes."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, what: str, total: int | None = None, /) -> None:
        """Show another step; ``total`` is how many bytes will pass, None if nobody knows."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=total)

    def __call__(self, count: int, /) -> None:
        """Show that so many more bytes have passed."""
        if self._task is not None:
            self._progress.advance(self._task, count)


class Passed(ProgressColumn):
    """The bytes so far, of how many if that is known, and how fast; nothing where none are counted."""

    def render(self, task: Task) -> Text:
        """Return it as a text."""
        if not task.completed and task.total is None:
            return Text()
        of_all = f" of {size(task.total)}" if task.total is not None else ""
        speed = task.finished_speed or task.speed
        return Text(f"{size(task.completed)}{of_all}{f', {size(speed)}/s' if speed else ''}")


@contextmanager
def watching() -> Iterator[Steps]:
    """Show the steps of long work where a person watches stderr, and yield what to tell of them."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield UNWATCHED
        return
    # the bar takes what the others leave, so that no terminal is too narrow
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), Passed(Column(no_wrap=True)), TimeElapsedColumn())
    above = sys.stdout.isatty()  # what is printed meanwhile
    with Progress(*columns, console=console, transient=True, expand=True, redirect_stdout=above) as progress:
        yield Step(progress)


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a single step, likewise."""
    with watching() as steps:
        steps.begin(what, total)
        yield steps


def say_above(line: str) -> None:
    """Print a line while something is shown: on the same terminal above it, else where stdout goes."""
    echo(line)
