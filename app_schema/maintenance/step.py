"""A step: one named piece of upkeep that can stop at any moment and be gone on with by the next run."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from app_schema.engine import quoted
from app_schema.monitoring.units import moment
from app_schema.objects import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, TextClause

    from app_schema.memory import Memory
    from app_schema.settings import Settings

LOCK_NOT_AVAILABLE, QUERY_CANCELED = "55P03", "57014"
LOCK_ATTEMPTS = 4
LEAST_SECONDS = 0.05
ASKING_SECONDS = 2
Answer = TypeVar("Answer")


class Unfinished(Exception):
    """The time is up; what was done is committed, and the next run goes on from there."""


class State(StrEnum):
    """How a step ended."""

    DONE = "done"
    UNFINISHED = "unfinished"
    FAILED = "failed"


class Outcome(NamedTuple):
    """What became of a step: what it did or why it failed, and the seconds it took."""

    step: str
    state: State
    said: str
    seconds: float


class Step(NamedTuple):
    """One step; ``run`` returns what it did, in words."""

    name: str
    run: Callable[[Work], str]


@dataclass
class Work:
    """What a step is given.

    Attributes:
        connection: in autocommit, so that every statement stands for itself; the search_path is the schema's.
        deadline: by ``time.monotonic``.
    """

    connection: Connection
    settings: Settings
    memory: Memory
    deadline: float

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self.deadline - time.monotonic()

    def check(self, so_far: str) -> None:
        """Stop here when the time is up.

        Raises:
            Unfinished: it is.
        """
        if self.left <= LEAST_SECONDS:
            raise Unfinished(so_far)

    def query(self, name: str, **values: Any) -> Sequence[Any]:
        """Run ``sql/<name>.sql``; ``%(schema)s`` is the schema, quoted for ``to_regnamespace``."""
        return self.run(sql(name), **values)

    def run(self, statement: str, **values: Any) -> Sequence[Any]:
        """Run a statement with psycopg's placeholders, and give it up when the time is up."""
        with self.timed():
            cursor = self.connection.exec_driver_sql(statement, {"schema": quoted(self.settings.schema_name), **values})
            return cursor.all() if cursor.returns_rows else []

    def alone(self, statement: TextClause, *, lock_timeout: str = LOCK_TIMEOUT) -> None:
        """Execute a statement that may be in no transaction."""
        with self.timed(lock_timeout=lock_timeout):
            self.connection.execute(statement)

    def patiently(self, action: Callable[[], Answer]) -> Answer:
        """Try again what met a lock, while there is time: who waits for a lock makes everyone behind it wait."""
        for attempt in range(1, LOCK_ATTEMPTS + 1):
            try:
                return action()
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE or attempt == LOCK_ATTEMPTS or self.left < attempt:
                    raise
                time.sleep(attempt)
        raise AssertionError  # the last attempt returned or raised

    def holders(self, tables: Sequence[str] | None = None, *, strong: bool = False, held: str = "0 s") -> str:
        """Name the sessions that hold locks on tables, for whoever is to end them; empty when none is seen."""
        after = replace(self, deadline=time.monotonic() + ASKING_SECONDS)  # also when the step's own time is up
        with suppress(DBAPIError, Unfinished):
            rows = after.query("holders", tables=None if tables is None else [*tables], strong=strong, held=held)
            return ", ".join(f"pid {row.pid} ({row.login}) since {moment(row.began)}" for row in rows)
        return ""

    @contextmanager
    def timed(self, *, lock_timeout: str = LOCK_TIMEOUT) -> Iterator[None]:
        """Bound the statements of a block by the time that is left.

        Raises:
            Unfinished: the time was up first.
        """
        seconds = max(self.left, LEAST_SECONDS)
        self.connection.exec_driver_sql(f"SET statement_timeout = {int(seconds * 1000)}")
        self.connection.exec_driver_sql(f"SET lock_timeout = '{lock_timeout}'")
        try:
            yield
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == QUERY_CANCELED and self.left <= LEAST_SECONDS:
                raise Unfinished("the last statement was given up") from None
            raise


@cache
def sql(name: str) -> str:
    """Return the text of ``sql/<name>.sql``."""
    return files("app_schema.maintenance").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
