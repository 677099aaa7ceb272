"""The embedded server: ``app-schema up``, ``down``, ``url``, ``status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from app_schema import inventory, migrate
from app_schema.cli.init import make_ready
from app_schema.cli.seed import ordered, scale_option, seed_option
from app_schema.embedded import EmbeddedServer
from app_schema.engine import connect, database_url, shown
from app_schema.errors import SettingsError
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from app_schema.settings import Settings


def _embedded(settings: Settings) -> EmbeddedServer:
    if settings.database_url is not None:
        raise SettingsError("DATABASE_URL is set, so there is no embedded server here; unset it, or use: app-schema init")
    return EmbeddedServer(settings.home)


@click.command()
@seed_option
@scale_option
@click.pass_obj
def up(settings: Settings, *, seed: bool, scale: float | None) -> None:
    """Start the embedded server and bring its schema to head."""
    order = ordered(seed=seed, scale=scale)
    started = _embedded(settings).start()
    click.echo(f"server: {'started' if started else 'running already'} in {settings.home}")
    make_ready(settings, order)
    click.echo('connect with: psql "$(app-schema url)"')


@click.command()
@click.option("--delete", is_flag=True, help="Remove the server with all its data.")
@click.pass_obj
def down(settings: Settings, *, delete: bool) -> None:
    """Stop the embedded server; its data stays."""
    server = _embedded(settings)
    stopped = server.stop()
    removed = delete and server.delete()
    click.echo(f"server: {'stopped' if stopped else 'was not running'}{', its data removed' if removed else ''}")


@click.command()
@click.pass_obj
def url(settings: Settings) -> None:
    """Print the database's URL alone, for psql and SQLAlchemy.

    For the embedded server it names a file with the password (passfile) rather than the password, which a
    command line would show to everybody on the machine.
    """
    address = settings.database_url or EmbeddedServer(settings.home).open_url()
    click.echo(address.set(drivername="postgresql").render_as_string(hide_password=False))


@click.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Show the server, the revision and the tables with their rows."""
    schema = settings.schema_name
    with connect(settings) as connection:
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        revision = migrate.current(connection, schema=schema)
        found = inventory.tables(connection, schema=schema)
    console = Console(highlight=False)
    console.print(f"server    PostgreSQL {version}, {shown(database_url(settings))}", soft_wrap=True)
    console.print(
        f"schema    {schema}, at {revision or 'no revision'}{'' if revision == migrate.head() else f', head is {migrate.head()}'}"
    )
    if found:
        console.print(tables_table(found))


def tables_table(found: list[inventory.TableFacts]) -> Table:
    """Lay the facts out for a terminal."""
    table = Table("table", box=None, pad_edge=False)
    for heading in ("rows", "indexes", "size"):
        table.add_column(heading, justify="right")
    for facts in found:
        table.add_row(facts.name, f"{facts.rows:,}", str(facts.indexes), size(facts.bytes))
    return table
