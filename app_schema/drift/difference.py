"""One way in which a database is not what it should be."""

from __future__ import annotations

from typing import Literal, NamedTuple

WIDTH = 160

Change = Literal["missing", "unexpected", "changed"]


class Difference(NamedTuple):
    """An object that is missing, unexpected or changed; ``found`` and ``declared`` are its definitions."""

    change: Change
    kind: str
    name: str
    found: str | None
    declared: str | None

    def __str__(self) -> str:
        what = f"{self.change} {self.kind} {self.name}"
        if self.change == "changed":
            found, declared = _lines(self.found), _lines(self.declared)
            return f"{what}: found {_those(found, declared)}; declared {_those(declared, found)}"
        only = _short(_lines(self.found or self.declared))
        return f"{what}: {only}" if only else what


def _lines(definition: str | None) -> list[str]:
    return [" ".join(line.split()) for line in (definition or "").splitlines()]


def _those(lines: list[str], others: list[str]) -> str:
    return _short([line for line in lines if line not in others]) or "nothing of it"


def _short(lines: list[str]) -> str:
    text = ", ".join(line for line in lines if line)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
