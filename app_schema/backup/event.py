"""What is found and done since a backup was taken, and noted in its entry."""

from __future__ import annotations

from app_schema.backup.record import Moment, Record, Seconds


class Verification(Record):
    """A look at the stored bytes; ``error`` says what was wrong."""

    at: Moment
    error: str | None = None


class Drill(Record):
    """A restore for the sake of proof; ``seconds`` is the whole of it, to be held against the RTO."""

    at: Moment
    quick: bool
    seconds: Seconds
    differences: tuple[str, ...] = ()
    error: str | None = None

    @property
    def passed(self) -> bool:
        """Whether what came back was what was taken."""
        return self.error is None and not self.differences


class Acceptance(Record):
    """Somebody took a restored database although definitions in it differ; every row was as taken.

    Attributes:
        database: the name that the restored database was given.
        differences: of its definitions from what was taken, a line each.
    """

    at: Moment
    database: str
    differences: tuple[str, ...]


class Upload(Record):
    """A copy elsewhere, its checksum read back."""

    at: Moment
    url: str
    versioning: bool
    server_side_encryption: str | None
