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
        found, declared = _lines(self.found), _lines(self.declared)
        if self.change != "changed":
            only = _short(found or declared)
            return f"{what}: {only}" if only else what
        has = _short([line for line in found if line not in declared])
        lacks = _short([line for line in declared if line not in found])
        if has and lacks:
            return f"{what}: has {has} instead of {lacks}"
        if has or lacks:
            return f"{what}: has {has}" if has else f"{what}: lacks {lacks}"
        return f"{what}: white space, or the order of lines"


def _lines(definition: str | None) -> list[str]:
    return [" ".join(line.split()) for line in (definition or "").splitlines()]


def _short(lines: list[str]) -> str:
    text = " | ".join(line for line in lines if line)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
