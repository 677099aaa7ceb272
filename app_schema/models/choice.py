"""States as text with a CHECK: a label can be added and removed in one transaction, which an enum type forbids."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Text, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class Choice(TypeDecorator[str]):
    """Text that holds one label of a ``StrEnum``.

    A label that this version of the code does not know yet is read as a plain ``str``, so that
    old code lives on beside a newer database; writing one is refused.
    """

    impl = Text
    cache_ok = True

    def __init__(self, labels: type[StrEnum]) -> None:
        super().__init__()
        self.labels = labels
        self.known = {label.value: label for label in labels}

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Refuse what is no label."""
        return None if value is None else str(self.labels(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Read a label, or the text of one that is new."""
        return value if value is None else self.known.get(value, value)


def one_of(column: str, labels: type[StrEnum]) -> CheckConstraint:
    """CHECK that ``column`` holds one of ``labels``; named ``ck_<table>_<column>_known``."""
    listed = ", ".join(f"'{label}'" for label in labels)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def is_object(column: str) -> CheckConstraint:
    """CHECK that a jsonb ``column`` holds an object; named ``ck_<table>_<column>_is_object``."""
    return CheckConstraint(f"jsonb_typeof({column}) = 'object'", name=f"{column}_is_object")
