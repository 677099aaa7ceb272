"""What the fixtures hand out: a place at head where a test may write what it likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import event

from app_schema.engine import create_engine

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine
    from sqlalchemy.pool import ConnectionPoolEntry


@dataclass(frozen=True)
class Throwaway:
    """A database, or a schema in one, that its fixture drops after the test.

    Attributes:
        name: of the database, or of the schema.
        url: its address, a schema's with the ``search_path``; for ``create_engine``, ``create_async_engine``
            and, through ``render_as_string(hide_password=False)``, whatever else takes a URL.
        schema: the PostgreSQL schema that holds the tables.
    """

    name: str
    url: URL
    schema: str
    _checked_out: set[ConnectionPoolEntry] = field(default_factory=set, init=False, repr=False, compare=False)

    @cached_property
    def engine(self) -> Engine:
        """An engine on it; the fixture closes its connections."""
        engine = create_engine(self.url, schema=self.schema)
        event.listen(engine, "checkout", lambda _connection, entry, _fairy: self._checked_out.add(entry))
        event.listen(engine, "checkin", lambda _connection, entry: self._checked_out.discard(entry))
        return engine

    def close(self) -> None:
        """Close the connections of ``engine``, those too that a test forgot.

        The pool would find those cut off whenever they are collected as garbage, and log an error in another test.
        """
        for entry in list(self._checked_out):
            entry.invalidate()
        self._checked_out.clear()
        if "engine" in self.__dict__:
            self.engine.dispose()
