"""``app-schema init`` and ``up``: a database ready for use, wherever DATABASE_URL points, or on the embedded server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from app_schema import migrate, seeding
from app_schema.cli.echo import echo
from app_schema.cli.seed import ordered, scale_option, seed_option, yes_option
from app_schema.cli.server import embedded
from app_schema.embedded import EmbeddedServer
from app_schema.engine import administer, connect, database_url
from app_schema.errors import ServerUnreachable
from app_schema.ops import initialize

if TYPE_CHECKING:
    from app_schema.settings import Settings


@click.command()
@seed_option
@scale_option
@yes_option
@click.option("--reporting-user", metavar="NAME", help="Make a login that can only read, without secrets and messages.")
@click.pass_obj
def init(settings: Settings, *, seed: bool, scale: float | None, yes: bool, reporting_user: str | None) -> None:
    """Create the database if it is missing, bring the schema to head, and seed it if asked."""
    order = ordered(seed=seed, scale=scale)
    if settings.database_url is None:
        EmbeddedServer(settings.home).start()
    make_ready(settings, order, yes=yes)
    if reporting_user is not None:
        with connect(settings) as connection:
            password = initialize.create_reporting_user(connection, reporting_user, schema=settings.schema_name)
        note = f"password (shown once): {password}" if password else "it was there and keeps its password"
        echo(f"reporting user {reporting_user}: {note}")


@click.command()
@seed_option
@scale_option
@click.pass_obj
def up(settings: Settings, *, seed: bool, scale: float | None) -> None:
    """Start the embedded server and bring its schema to head."""
    order = ordered(seed=seed, scale=scale)
    server = embedded(settings)
    started = server.start()
    echo(f"server: {'started' if started else 'running already'} in {settings.home}, PostgreSQL {server.origin}")
    make_ready(settings, order)
    echo('connect with: psql "$(app-schema url)"')


def make_ready(settings: Settings, order: seeding.Order | None, *, yes: bool = False) -> None:
    """Database, schema, rows: whatever of it is missing."""
    url = database_url(settings)
    if order:
        seeding.check_allowed(url, settings.protect, yes=yes)
        with suppress(ServerUnreachable), administer(url) as connection:  # who may not look there learns it a step later
            seeding.check_space(connection, order)
    schema = settings.schema_name
    if initialize.create_database(url):
        echo(f"database {url.database}: created")
    with connect(settings) as connection:
        before = migrate.current(connection, schema=schema)
        connection.rollback()
        if before == migrate.head():
            echo(f"schema {schema}: at {before} already")
        else:
            migrate.upgrade(connection, schema=schema)
            echo(f"schema {schema}: upgraded from {before or 'nothing'} to {migrate.current(connection, schema=schema)}")
        connection.rollback()
        if order:
            seeded = seeding.fill_if_empty(connection, order)
            echo(f"rows: {sum(seeded.values()):,} in {len(seeded)} tables" if seeded else "rows: there already, left as they are")
