"""``app-schema schedule``: the lines or units to install."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app_schema.cli.echo import echo
from app_schema.errors import AppSchemaError, OutputUnwritable
from app_schema.schedule import cron as lines
from app_schema.schedule.jobs import JOBS
from app_schema.schedule.place import Place, settings_here
from app_schema.schedule.remarks import channels, remarks, unanswered
from app_schema.schedule.rights import needed
from app_schema.schedule.server import Server, ask
from app_schema.schedule.systemd import units
from app_schema.schedule.zone import host_zone

if TYPE_CHECKING:
    from app_schema.settings import Settings


@click.group()
def schedule() -> None:
    """Print what runs the backups, the upkeep and the monitor at the documents' times.

    The server is asked for its version, its configuration and the rights of the role, which decide what is printed.
    """


@schedule.command()
@click.option("--logrotate", is_flag=True, help="Print the file for /etc/logrotate.d instead.")
@click.pass_obj
def cron(settings: Settings, *, logrotate: bool) -> None:
    """Print lines for the crontab of the user who asks.

    To install them, or in place of those of before, beside what else is in the crontab:

    \b
    (crontab -l | sed '/^# BEGIN app_schema/,/^# END app_schema/d'; app-schema schedule cron) | crontab -
    """  # noqa: D301 (click's mark for a line that is not wrapped)
    place = Place.here()
    if logrotate:
        echo(lines.logrotate(place), nl=False)
        return
    server, notes = _asked(settings)
    text = lines.render(
        place, zone=host_zone(), now=datetime.now(UTC), names=settings_here(), server=server, notes=[*notes, *channels(settings)]
    )
    echo(text, nl=False)


@schedule.command()
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write a file a unit, for /etc/systemd/system."
)
@click.pass_obj
def systemd(settings: Settings, output: Path | None) -> None:
    """Print the services and timers, or write them."""
    place = Place.here()
    server, notes = _asked(settings)
    jobs = server.jobs if server else JOBS
    found = units(place, jobs)
    if output is None:
        said = "".join(f"# {line}\n" for line in (*remarks(server), *notes, *channels(settings)))
        echo(said + "\n".join(f"# {name}\n{text}" for name, text in found.items()), nl=False)
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in found.items():
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputUnwritable(f"{error.filename or output} cannot be written: {error.strerror}") from None
    echo(f"{len(found)} units in {output}")
    folder, file = shlex.quote(str(place.environment.parent)), shlex.quote(str(place.environment))
    echo(f"once: install -d -m 700 {folder}; install -m 600 /dev/null {file}; write DATABASE_URL=… there")
    if names := settings_here():
        echo(f"set in this shell, so write these too: {' '.join(names)}")
    for line in (*remarks(server), *notes, *channels(settings)):
        echo(line)
    for job in jobs:
        echo(f"{job.name:<11} {needed(job.rights)}")
    if left := sorted({path.name for path in output.glob("app-schema-*.timer")} - set(found)):
        echo(f"of an earlier schedule: systemctl disable --now {' '.join(left)}; rm {shlex.quote(str(output))}/{left[0]}")
    enabled = " ".join(name for name, text in found.items() if "[Install]" in text)
    echo(f"then: systemctl daemon-reload; systemctl enable --now {enabled}")


def _asked(settings: Settings) -> tuple[Server | None, list[str]]:
    """Ask the server; a schedule can be printed without it."""
    try:
        return ask(settings), []
    except AppSchemaError as error:
        return None, [unanswered(str(error))]
