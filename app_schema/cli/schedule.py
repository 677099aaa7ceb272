"""``app-schema schedule``: the lines or units to install."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from app_schema.errors import OutputUnwritable
from app_schema.schedule import cron as lines
from app_schema.schedule.place import Place, settings_here
from app_schema.schedule.systemd import units
from app_schema.schedule.zone import host_zone


@click.group()
def schedule() -> None:
    """Print what runs the backups, the upkeep and the monitor at the documents' times."""


@schedule.command()
@click.option("--logrotate", is_flag=True, help="Print the file for /etc/logrotate.d instead.")
def cron(*, logrotate: bool) -> None:
    """Print lines for the crontab of the user who asks.

    To install them, or in place of those of before, beside what else is in the crontab:

    \b
    (crontab -l | sed '/^# BEGIN app_schema/,/^# END app_schema/d'; app-schema schedule cron) | crontab -
    """  # noqa: D301 (click's mark for a line that is not wrapped)
    place = Place.here()
    if logrotate:
        click.echo(lines.logrotate(place), nl=False)
    else:
        click.echo(lines.render(place, zone=host_zone(), now=datetime.now(UTC), names=settings_here()), nl=False)


@schedule.command()
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write a file a unit, for /etc/systemd/system."
)
def systemd(output: Path | None) -> None:
    """Print the services and timers, or write them."""
    place = Place.here()
    found = units(place)
    if output is None:
        click.echo("\n".join(f"# {name}\n{text}" for name, text in found.items()), nl=False)
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in found.items():
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputUnwritable(f"{error.filename or output} cannot be written: {error.strerror}") from None
    click.echo(f"{len(found)} units in {output}")
    click.echo(
        f"once: install -d -m 700 {place.environment.parent}; install -m 600 /dev/null {place.environment}; write DATABASE_URL=… there"
    )
    if names := settings_here():
        click.echo(f"set in this shell, so write these too: {' '.join(names)}")
    enabled = " ".join(name for name, text in found.items() if "[Install]" in text)
    click.echo(f"then: systemctl daemon-reload; systemctl enable --now {enabled}")
