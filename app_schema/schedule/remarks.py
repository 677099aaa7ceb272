"""What to know before the jobs are installed: which were left out, and what the server or its role lacks for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.schedule.jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.schedule.server import Server
    from app_schema.settings import Settings

NO_CHANNEL = "No channel is set: write SLACK_WEBHOOK_URL or APP_SCHEMA_ALERT_URLS there, too, or alerts reach nobody."


def remarks(server: Server | None) -> Iterator[str]:
    """Yield a line each; none of them begins as the line of a job does."""
    if server is None:
        return
    for job in JOBS:
        if job not in server.jobs:
            yield f"Left out: {job.name}, which PostgreSQL {server.major} does not have ({job.since} has)."
    for name, cure in server.lacking.items():
        yield f"Missing for {name} (role {server.role}): {cure}"


def unanswered(reason: str) -> str:
    """Say why the schedule was not fitted to the server."""
    return f"The server was not asked, so every job is here: {reason}"


def channels(settings: Settings) -> list[str]:
    """Say that no channel is set, if that is so."""
    return [] if settings.slack_webhook_url or settings.alert_urls else [NO_CHANNEL]
