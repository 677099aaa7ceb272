"""The command ``app-schema``: one file a noun, each verb a call of what does the work."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from app_schema.cli.backup import backup
from app_schema.cli.cluster import cluster
from app_schema.cli.db import db
from app_schema.cli.init import init
from app_schema.cli.physical import base, incremental, wal
from app_schema.cli.restore import restore
from app_schema.cli.seed import seed
from app_schema.cli.server import down, status, up, url
from app_schema.errors import AppSchemaError
from app_schema.settings import Settings


class OneLineErrors(click.Group):
    """Print our own errors as one line with their exit code; a bug keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except AppSchemaError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)
        except DBAPIError as error:  # scrubbed: it holds no value of a row
            click.echo(f"error: the database refused: {str(error.orig).strip()}", err=True)
            ctx.exit(1)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="app-schema")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Create, change and look after the database of an AI-chat and support-chat platform.

    The database is DATABASE_URL; without it, an embedded PostgreSQL server under APP_SCHEMA_HOME.
    Exit codes: 0 done, 1 failed, 2 settings or usage, 3 a check found something.
    """
    ctx.obj = Settings.from_env()


for command in (up, down, url, status, init, db, seed, backup, restore):
    main.add_command(command)
for command in (base, incremental, wal):
    backup.add_command(command)
restore.add_command(cluster)
