"""The moment to restore a cluster to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from app_schema import moments
from app_schema.errors import SettingsError

if TYPE_CHECKING:
    from datetime import datetime

    from app_schema.physical.records import Transaction


@dataclass(frozen=True)
class Target:
    """At most one of the three is given; none of them: the end of the WAL.

    Attributes:
        time: the last transaction that ended by then is the last that is there.
        xid: the transaction that is the last one, or one of its savepoints.
        backup: the id of a backup, which is restored to its own end.
        exclusive: stop just before that moment or transaction.
    """

    time: datetime | None = None
    xid: int | None = None
    backup: str | None = None
    exclusive: bool = False

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.time, self.xid, self.backup)) > 1:
            raise SettingsError("a time, a transaction and a backup are three ways to say where to; give one of them")
        if self.exclusive and self.time is None and self.xid is None:
            raise SettingsError("just before what? name a time or a transaction")

    @classmethod
    def at(cls, text: str, *, exclusive: bool = False) -> Self:
        """Read a time; without a zone it would mean another moment on another machine.

        Raises:
            SettingsError: it is no time, or has no zone.
        """
        return cls(time=moments.read(text), exclusive=exclusive)

    def stops_at(self, transaction: Transaction) -> bool:
        """Whether recovery stops when it comes to the end of this transaction: before it or after it."""
        if self.time is not None:
            return transaction.time > self.time or (self.exclusive and transaction.time == self.time)
        return self.xid is not None and self.xid & 0xFFFFFFFF in {transaction.xid, *transaction.subxacts}

    @property
    def includes_stop(self) -> bool:
        """Whether the transaction that recovery stops at is restored."""
        return self.xid is not None and not self.exclusive

    def __str__(self) -> str:
        before = "just before " if self.exclusive else ""
        if self.time is not None:
            return f"{before}{moments.exact(self.time)}"
        if self.xid is not None:
            return f"{before}transaction {self.xid}"
        return f"the end of backup {self.backup}" if self.backup else "the end of the WAL"
