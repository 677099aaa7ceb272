"""A throwaway database, or a schema of one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from app_schema.engine import create_engine

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine


@dataclass(frozen=True)
class Database:
    """Where a test may write what it likes.

    Attributes:
        url: its address; hand it to ``create_engine`` or ``create_async_engine``.
        schema: the PostgreSQL schema that holds the tables.
    """

    url: URL
    schema: str

    @property
    def name(self) -> str:
        """Its name on the server."""
        return str(self.url.database)

    @cached_property
    def engine(self) -> Engine:
        """An engine on it, closed by the fixture that made it."""
        return create_engine(self.url, schema=self.schema)

    def close(self) -> None:
        """Close the connections of ``engine``."""
        if "engine" in self.__dict__:
            self.engine.dispose()
