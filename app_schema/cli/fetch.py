"""``app-schema backup fetch``: from the bucket back into the backup folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.copies import LATEST, Copies
from app_schema.backup.entry import Kind
from app_schema.backup.fetch import Fetched
from app_schema.backup.fetch import fetch as bring
from app_schema.backup.folder import Folder
from app_schema.backup.upload import Bucket
from app_schema.cli.progress import counting
from app_schema.cli.sizes import size
from app_schema.cli.stopping import stoppable
from app_schema.errors import BackupDamaged, SettingsError
from app_schema.physical.fetch import fetch as bring_chain
from app_schema.physical.fetch import members, newest
from app_schema.physical.transfer import Transfer
from app_schema.physical.verify import verify as check_clusters

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry
    from app_schema.settings import Settings

WHOLE = (Kind.DUMP, Kind.SNAPSHOT)
WIDE = 120  # where nobody watches


@click.command()
@click.argument("backup", required=False)
@click.option("--list", "listing", is_flag=True, help="Only show what the bucket holds, and what of it is here.")
@click.option("--cluster", "of_cluster", is_flag=True, help="The newest chain of base backups, or the one of BACKUP, and all WAL since.")
@click.pass_obj
def fetch(settings: Settings, backup: str | None, *, listing: bool, of_cluster: bool) -> None:
    """Bring BACKUP back from APP_SCHEMA_BACKUP_S3_URL: an id or its beginning, or latest, the newest whole dump.

    Everything is proved before it is kept, and what is here already is not fetched again.
    """
    if listing and (backup or of_cluster):
        raise SettingsError("--list shows everything; leave the rest out")
    if not (listing or backup or of_cluster):
        raise SettingsError("name a backup, latest, or --cluster; app-schema backup fetch --list shows what there is")
    bucket = Bucket.of(settings)
    if bucket is None:
        raise SettingsError("there is nowhere to fetch from: set APP_SCHEMA_BACKUP_S3_URL to s3://bucket/prefix")
    folder, copies = Folder.of(settings), Copies(bucket)
    if listing:
        say_listed(folder, copies)
        return
    with stoppable():
        if of_cluster:
            fetch_cluster(settings, folder, copies, backup)
        else:
            fetch_backup(settings, folder, copies, str(backup))
