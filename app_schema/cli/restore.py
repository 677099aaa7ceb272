"""``app-schema restore``: bring a backup back, or try whether it would come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import Kind
from app_schema.backup.folder import Folder
from app_schema.engine import database_url
from app_schema.errors import RestoreDiffers
from app_schema.restore.dump import Restored
from app_schema.restore.dump import restore as restore_dump
from app_schema.restore.source import Source

if TYPE_CHECKING:
    from app_schema.settings import Settings


@click.group()
def restore() -> None:
    """Restore backups, and drill it."""


@restore.command()
@click.argument("backup", default="latest")
@click.option("--to", metavar="NAME", help="The new database (default: the one that DATABASE_URL names).")
@click.pass_obj
def dump(settings: Settings, backup: str, to: str | None) -> None:
    """Restore BACKUP, an id or latest, into a new database."""
    server = database_url(settings)
    folder = Folder.of(settings)
    entry = Catalogue(folder).find(backup, kinds=(Kind.DUMP,), database=str(server.database))
    done = restore_dump(settings, Source(folder, entry, entry.parts[0]), server, to or str(server.database))
    say_restored(entry.id, done)


def say_restored(source: str, done: Restored) -> None:
    """Say what was restored, and what of it is not what was taken.

    Raises:
        RestoreDiffers: something differs.
    """
    click.echo(f"database {done.database}: {done.rows:,} rows in {done.tables} tables from {source}, in {done.seconds:,.1f} s")
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    if done.differences:
        raise RestoreDiffers(f"database {done.database} is there, and is not what was taken: {'; '.join(done.differences)}")
    click.echo(
        "compared: unproved, since nothing was taken to compare with" if done.differences is None else "compared: equal to what was taken"
    )
