"""What every builder shares: give a row all its columns, add it, flush it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from uuid import UUID

from sqlalchemy import JSON, func, inspect, null

from app_schema.keyring import Keyring
from app_schema.models import Base, PasswordHash, uuid7
from app_schema.models.choice import Choice

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.orm import ColumnProperty, Session

Row = TypeVar("Row", bound=Base)
Columns = dict[str, Any]
NOW = func.now()  # in a transaction its beginning, so that a test's rows share one time


class Rows:
    """Adds rows to a session, flushed and with every column loaded; rows made later have greater ids.

    Attributes:
        orm: the session that the rows go to; nothing is committed.
        keyring: what provider keys are sealed with, published and for tests only.
        PASSWORD: the password of every user and agent that is made without another.
    """

    PASSWORD: ClassVar[str] = "correct horse battery staple"  # noqa: S105 (no secret)
    # of PASSWORD, at the least cost that the domain takes: hashing one takes longer than a test
    _PASSWORD_HASH: ClassVar[PasswordHash] = PasswordHash("$2b$10$WwKFadvR2ogltg6h9hsU3.n39t8143Vi7mGRu5uDpcpjcBPHuH3n2")
    _newest: ClassVar[int] = 0

    def __init__(self, session: Session, *, keyring: Keyring | None = None) -> None:
        self.orm = session
        self.keyring = keyring or Keyring({"test": b"app_schema's published test key."})

    def _add(self, model: type[Row], given: Mapping[str, Any], /, **defaults: Any) -> Row:
        if "metadata" in given:  # the attribute is named otherwise: Base.metadata is SQLAlchemy's
            given = {"metadata_" if name == "metadata" else name: value for name, value in given.items()}
        columns = {"id": self._next_id()} | defaults | dict(given)
        for name, value in columns.items():
            columns[name] = _stored(inspect(model).column_attrs.get(name), value)
        row = model(**(_empty(model, columns) | columns))
        self.orm.add(row)
        self.orm.flush()
        computed = inspect(row).unloaded & set(inspect(model).column_attrs.keys())
        if computed:  # by an expression such as NOW; a later read of it is a query, which an async session cannot send
            self.orm.refresh(row, computed)
        return row

    @classmethod
    def _next_id(cls) -> UUID:
        # uuid7 is random within a millisecond; rows of a test would sort at random
        Rows._newest = max(uuid7().int, Rows._newest + 1)
        return UUID(int=Rows._newest)


def has(given: Collection[str], name: str) -> bool:
    """Tell whether a parent was given, as an object or by its id, be it None."""
    return name in given or f"{name}_id" in given


def unique(prefix: str) -> str:
    """Return a name that no other row has."""
    return f"{prefix}-{secrets.token_hex(6)}"


def _stored(attribute: ColumnProperty[Any] | None, value: Any) -> Any:
    if attribute is None:
        return value
    column = attribute.columns[0]
    if value is None and (column.server_default is not None or isinstance(column.type, JSON)):
        return null()  # the ORM takes None for "left out", and in JSON for its own null
    if isinstance(column.type, Choice) and isinstance(value, str):
        return column.type.labels(value)  # reads the same before and after it is loaded
    return value


def _empty(model: type[Base], columns: Collection[str]) -> Columns:
    # A column that is left out would have to be loaded.
    return {
        attribute.key: None
        for attribute in inspect(model).column_attrs
        if attribute.key not in columns
        and attribute.columns[0].nullable
        and attribute.columns[0].server_default is None
        and not isinstance(attribute.columns[0].type, JSON)
    }
