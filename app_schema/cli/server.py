"""The embedded server and its address: ``app-schema down`` and ``url``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app_schema.cli.echo import echo
from app_schema.embedded import EmbeddedServer
from app_schema.errors import SettingsError

if TYPE_CHECKING:
    from app_schema.settings import Settings


def embedded(settings: Settings) -> EmbeddedServer:
    """Return the server of the settings' home.

    Raises:
        SettingsError: another one is meant.
    """
    if settings.database_url is not None:
        raise SettingsError("DATABASE_URL is set, so there is no embedded server here; unset it, or use: app-schema init")
    return EmbeddedServer(settings.home)


@click.command()
@click.option("--delete", is_flag=True, help="Remove the server with all its data.")
@click.pass_obj
def down(settings: Settings, *, delete: bool) -> None:
    """Stop the embedded server; its data stays."""
    server = embedded(settings)
    stopped = server.stop()
    removed = delete and server.delete()
    echo(f"server: {'stopped' if stopped else 'was not running'}{', its data removed' if removed else ''}")


@click.command()
@click.pass_obj
def url(settings: Settings) -> None:
    """Print the database's URL alone, for psql and SQLAlchemy.

    For the embedded server it names a file with the password (passfile) rather than the password, which a
    command line would show to everybody on the machine.
    """
    address = settings.database_url or EmbeddedServer(settings.home).open_url()
    echo(address.set(drivername="postgresql").render_as_string(hide_password=False))
