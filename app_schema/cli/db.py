"""``app-schema db``: migrate without a checkout."""

from __future__ import annotations

import click

from app_schema import migrate
from app_schema.cli.echo import echo
from app_schema.engine import connect
from app_schema.errors import SettingsError
from app_schema.settings import Settings, validate_schema


def _schema(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    settings = ctx.find_object(Settings)
    if value is None:
        return settings.schema_name if settings else "public"
    try:
        return validate_schema(value)
    except ValueError as error:
        raise SettingsError(f"--schema {error}") from None


schema_option = click.option(
    "--schema", callback=_schema, metavar="NAME", help="The PostgreSQL schema (default: APP_SCHEMA_SCHEMA, else public)."
)


@click.group()
def db() -> None:
    """Move the schema between revisions, and check it."""


@db.command()
@click.argument("revision", default="head")
@schema_option
@click.pass_obj
def upgrade(settings: Settings, revision: str, schema: str) -> None:
    """Upgrade to REVISION (default: head); makes the schema when it is missing."""
    with connect(settings) as connection:
        migrate.upgrade(connection, revision, schema=schema)
        echo(f"schema {schema} is at {migrate.current(connection, schema=schema)}")


@db.command()
@click.argument("revision")
@schema_option
@click.confirmation_option(prompt="A downgrade drops what the revisions made, rows included. Go on?")
@click.pass_obj
def downgrade(settings: Settings, revision: str, schema: str) -> None:
    """Downgrade to REVISION; base leaves nothing but alembic_version."""
    with connect(settings) as connection:
        migrate.downgrade(connection, revision, schema=schema)
        echo(f"schema {schema} is at {migrate.current(connection, schema=schema) or 'base'}")


@db.command()
@schema_option
@click.pass_obj
def check(settings: Settings, schema: str) -> None:
    """Compare the database with what models and migrations declare; exit 3 when it differs."""
    with connect(settings) as connection:
        migrate.check(connection, schema=schema)
        echo(f"schema {schema} is at {migrate.head()}, as declared")


@db.command()
@schema_option
@click.pass_obj
def current(settings: Settings, schema: str) -> None:
    """Print the revision that the schema is at."""
    with connect(settings, session=False) as connection:
        echo(migrate.current(connection, schema=schema) or "none")
