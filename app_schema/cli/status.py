"""``app-schema status``: the server, the revision and what is in the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from app_schema import inventory, migrate
from app_schema.embedded import EmbeddedServer
from app_schema.engine import connect, database_url, shown
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from app_schema.settings import Settings


@click.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Show the server, the revision and the tables with their rows."""
    schema = settings.schema_name
    with connect(settings, session=False) as connection:
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        revision = migrate.current(connection, schema=schema)
        found = inventory.tables(connection, schema=schema)
    console = Console(highlight=False)
    console.print(f"server    PostgreSQL {version}, {shown(database_url(settings))}", soft_wrap=True)
    if settings.database_url is None:
        console.print(f"programs  {EmbeddedServer(settings.home).origin}", soft_wrap=True)
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
