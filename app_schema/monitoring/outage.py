"""A database that does not answer: what every format says instead of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app_schema.errors import MemoryUnavailable
from app_schema.monitoring import history
from app_schema.monitoring.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from datetime import datetime

    from app_schema.errors import AppSchemaError
    from app_schema.memory import Memory
    from app_schema.settings import Settings

EMBEDDED = "app_schema"
RULE = Rule(
    "server-unreachable",
    Severity.CRITICAL,
    "Nothing that needs the database works.",
    "app-schema status, then docs/recovery.md if it is lost",
)


class Outage(NamedTuple):
    """A look that nobody answered.

    Attributes:
        taken: when, by the clock of the caller.
        since: the last look that was answered; None when there was none, or it is not remembered.
        finding: why, and the cure.
    """

    taken: datetime
    since: datetime | None
    database: str
    schema: str
    finding: Finding


def outage(settings: Settings, memory: Memory, error: AppSchemaError, *, now: datetime) -> Outage:
    """Return what can be said of a server that raised ``error`` instead of answering."""
    url = settings.server_url
    database = (url.database or url.username or "") if url else EMBEDDED  # as libpq: a user's database bears his name
    try:
        since = history.last(memory).taken
    except MemoryUnavailable:  # the page of an outage must be written whatever else is broken
        since = None
    return Outage(now, since, database, settings.schema_name, RULE.finding(database, str(error)))
