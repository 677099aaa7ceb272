"""A topic of the monitor: what it reads, what it measures, and what it finds in that."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from app_schema.monitoring.finding import Finding
    from app_schema.monitoring.look import Look

Row = TypeVar("Row", bound=tuple[Any, ...])


class Metric(NamedTuple):
    """One number: a Prometheus gauge, and what the history keeps.

    Attributes:
        name: with its unit at the end, such as ``app_schema_table_bytes``.
        labels: such as ``{"table": "messages"}``.
    """

    name: str
    help: str
    value: float
    labels: dict[str, str] = {}  # noqa: RUF012 (never changed)


@dataclass(frozen=True)
class Topic(Generic[Row]):
    """One subject, a file each.

    Attributes:
        name: as in JSON and in errors.
        title: for people.
        korean: the same in Korean, for the page.
        row: the type of its rows, a NamedTuple; its fields are the columns, its units are in their names.
        read: returns the rows; may leave remarks with ``look.remark``.
        measure: the numbers worth keeping.
        judge: what is not as it should be.
        most: how many rows people are shown; machines get all.
        brief: the fields that people are shown; none means all.
        least: those of them that a narrow terminal does without, the first of them first.
        prose: one that is text of any length; a narrow terminal shows its beginning.
    """

    name: str
    title: str
    korean: str
    row: type[Row]
    read: Callable[[Look], Sequence[Row]]
    measure: Callable[[Sequence[Row]], Iterable[Metric]] = field(default=lambda _rows: ())
    judge: Callable[[Sequence[Row], Look], Iterable[Finding]] = field(default=lambda _rows, _look: ())
    most: int = 10
    brief: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    prose: str = ""


@dataclass(frozen=True)
class Reading(Generic[Row]):
    """What a look at one topic gave.

    Attributes:
        seconds: how long it took.
        unread: why it could not be read, and the rows mean nothing; None when it could.
        cure: the command for that.
        remarks: what keeps it from being whole, with the cure.
        hidden: whether this role may not see some of it, which a remark names; the rows are what it may see.
    """

    topic: Topic[Row]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]
    seconds: float
    unread: str | None = None
    cure: str = ""
    hidden: bool = False

    @property
    def whole(self) -> bool:
        """Whether all of it could be read."""
        return self.unread is None and not self.hidden

    @property
    def state(self) -> str:
        """How much of it was read, in words."""
        return "not read" if self.unread is not None else "read in part" if self.hidden else "read"


@cache
def sql(name: str) -> str:
    """Return the text of ``sql/<name>.sql``."""
    return files("app_schema.monitoring").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
