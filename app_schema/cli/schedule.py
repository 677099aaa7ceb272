"""``app-schema schedule``: the lines or units to install."""

from __future__ import annotations

from datetime import UTC, datetime

import click


@click.group()
def schedule() -> None:
    """Print what runs the backups, the upkeep and the monitor at the documents' times."""


@schedule.command()
def cron() -> None:
    """Print a crontab for the user who asks."""
    from app_schema.schedule import cron as lines  # noqa: PLC0415
    from app_schema.schedule.place import Place  # noqa: PLC0415

    click.echo(lines.render(Place.here(), zone=None, now=datetime.now(UTC)), nl=False)
