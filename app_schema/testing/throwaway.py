"""What the fixtures hand out: a place at head where a test may write what it likes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from app_schema.engine import create_engine

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine


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

    @cached_property
    def engine(self) -> Engine:
        """An engine on it; the fixture closes its connections."""
        return create_engine(self.url, schema=self.schema)

    def close(self) -> None:
        """Close the connections of ``engine``."""
        if "engine" in self.__dict__:
            self.engine.dispose()
