"""What every table shares: metadata, names, key, times."""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, FetchedValue, MetaData, Text, TextClause, Uuid, func, inspect, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app_schema.models.mask import HMAC, KEEP

NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "idx_%(table_name)s_%(column_0_N_name)s",
}

STATUS = "status"  # of the models that have states

Json = dict[str, Any]


def uuid7() -> UUID:
    """Return a time-ordered UUID (RFC 9562, version 7), as the database's ``uuidv7()`` does.

    Made by the client, so that a flush of many rows is one INSERT and a secret can be sealed to
    its row before the row exists.
    """
    milliseconds = time.time_ns() // 1_000_000
    bits = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 7 << 76  # version
    return UUID(int=bits & ~(0x3 << 62) | 2 << 62)  # variant


def title_terms(column: str) -> TextClause:
    """Return what a search index holds of a title, it and its initial consonants, in the brackets that Alembic finds in the catalog."""
    return text(f"search_terms(({column} || ' ') || search_initials({column}))")


class Base(DeclarativeBase):
    """The declarative base; ``Base.metadata`` holds the eighteen tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        Json: JSONB(),
        list[str]: ARRAY(Text()),
    }
    # What a trigger or a default wrote comes back with the statement (RETURNING), never by a
    # later hidden SELECT, which an async session could not send.
    __mapper_args__: Any = {"eager_defaults": True}  # noqa: RUF012 (declared per instance in SQLAlchemy)

    def __repr__(self) -> str:
        """Return the class, the primary key and the status: what a log may hold. Nothing is loaded for it."""
        keys = [attribute.key for attribute in self.__mapper__.column_attrs if attribute.columns[0].primary_key]
        known = self.__dict__ | dict(zip(keys, inspect(self).identity or (), strict=False))  # an expired attribute is not in __dict__
        shown = [f" {key}={known[key]}" for key in (*keys, STATUS) if known.get(key) is not None]
        return f"<{type(self).__name__}{''.join(shown)}>"


class Identified:
    """A time-ordered primary key: no sequence, so rows may be born anywhere."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, server_default=text("uuidv7()"), sort_order=-1, info=KEEP)


class Person(Identified):
    """The primary key of somebody: a masked copy gives it, and all that refers to it, another value."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, server_default=text("uuidv7()"), sort_order=-1, info=HMAC)


class Created:
    """When the row was inserted."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=90, doc="When the row was inserted.", info=KEEP)


class Timestamps(Created):
    """When the row was inserted and last changed; the trigger ``<table>_set_updated_at`` keeps the latter."""

    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(),
        server_onupdate=FetchedValue(),
        sort_order=91,
        doc="When the row last changed; kept by a trigger.",
        info=KEEP,
    )
