"""Columns of a table that fit a terminal of any width; in a pipe nothing is cut, folded or padded."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app_schema.printable import visible_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import JustifyMethod, OverflowMethod, RenderableType

GAP = 2  # blanks between two columns
ENDLESS = 1_000_000  # columns of a pipe


@dataclass(frozen=True)
class Columns:
    """Cells by their headings, and what may happen to them where there is little room.

    Attributes:
        cells: of each column, one a row.
        right: headings of numbers, which are aligned to the right.
        folded: those whose cells may take several lines, and how narrow they may get.
        cut: those whose cells may lose their ends, likewise.
        least: those that go where there is no room for all, the first of them first; then the last columns go, and those that may be
            cut after them. The first never goes.
    """

    cells: Mapping[str, Sequence[str]]
    right: frozenset[str] = frozenset()
    folded: Mapping[str, int] = field(default_factory=dict)
    cut: Mapping[str, int] = field(default_factory=dict)
    least: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Let no name move the cursor or turn a line around."""
        object.__setattr__(self, "cells", {heading: [visible_name(cell) for cell in cells] for heading, cells in self.cells.items()})

    def fit(self, room: int | None) -> tuple[Table, list[str]]:
        """Return the table, and the headings of what found no room in so many columns; None is endless room."""
        room = ENDLESS if room is None else room
        headings = {heading: heading for heading in self.cells}
        hidden: list[str] = []
        if self._needed(headings, hidden) > room:  # headings of several words take several lines first
            headings = {heading: self._stacked(heading) for heading in self.cells}
        for heading in self._expendable():
            if self._needed(headings, hidden) <= room:
                break
            hidden.append(heading)
        return self._table(headings, hidden, room), hidden

    def _expendable(self) -> list[str]:
        others = list(self.cells)[:0:-1]  # the last of them first
        last = sorted(others, key=self.cut.__contains__)
        return list(dict.fromkeys([*(heading for heading in self.least if heading in others), *last]))

    def _table(self, headings: Mapping[str, str], hidden: Sequence[str], room: int) -> Table:
        left = room - self._needed(headings, hidden)
        table = Table(box=None, pad_edge=False)
        for heading in (heading for heading in self.cells if heading not in hidden):
            least = self._narrowest(heading, headings[heading])
            width = min(self._widest(heading, headings[heading]), least + max(left, 0))
            left -= width - least
            cut = heading in self.cut
            overflow: OverflowMethod = "ellipsis" if cut else "fold"
            justify: JustifyMethod = "right" if heading in self.right else "left"
            table.add_column(Text(headings[heading]), justify=justify, width=width, no_wrap=cut, overflow=overflow)
        for row in zip(*(cells for heading, cells in self.cells.items() if heading not in hidden), strict=True):
            table.add_row(*map(Text, row))  # a Text, for a string may hold what Rich takes for markup
        return table

    def _needed(self, headings: Mapping[str, str], hidden: Sequence[str]) -> int:
        widths = [self._narrowest(heading, shown) for heading, shown in headings.items() if heading not in hidden]
        return sum(widths) + GAP * (len(widths) - 1)

    def _narrowest(self, heading: str, shown: str) -> int:
        widest = self._widest(heading, shown)
        return min(widest, self.folded.get(heading, self.cut.get(heading, widest)))

    def _widest(self, heading: str, shown: str) -> int:
        return max(map(cell_len, (*shown.split("\n"), *self.cells[heading])))

    def _stacked(self, heading: str) -> str:
        width = max(map(cell_len, (*heading.split(), *self.cells[heading])), default=1)
        return "\n".join(textwrap.wrap(heading, width))


def no_room(hidden: Sequence[str]) -> str:
    """Say what a table does not show."""
    return f"no room for: {', '.join(hidden)} (a wider terminal or a pipe shows them)"


def show(laid_out: Callable[[int | None], RenderableType]) -> None:
    """Print to stdout what is laid out for so many columns; for None where it is no terminal."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(laid_out(console.width))
    else:
        console.out(plain(laid_out(None)), end="", highlight=False)


def plain(renderable: RenderableType) -> str:
    """Return it as a pipe or a file gets it: lines of any length, and no blanks at their ends."""
    console = Console(width=ENDLESS, highlight=False, no_color=True, force_terminal=False)
    with console.capture() as captured:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().split("\n")[:-1])
