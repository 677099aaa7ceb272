"""``app-schema backup fetch``: from the bucket back into the backup folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.table import Table

from app_schema import moments
from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.copies import LATEST, Copies
from app_schema.backup.encryption import for_reading
from app_schema.backup.entry import Kind
from app_schema.backup.fetch import Fetched
from app_schema.backup.fetch import fetch as bring
from app_schema.backup.upload import Bucket
from app_schema.cli.echo import echo
from app_schema.cli.physical import say_unrestorable
from app_schema.cli.progress import counting
from app_schema.cli.proving import folder_of, unencrypted_option, unsealed_option
from app_schema.cli.stopping import stoppable
from app_schema.columns import show
from app_schema.errors import BackupDamaged, EncryptionError, SettingsError
from app_schema.monitoring.units import size
from app_schema.physical.archive import place_of
from app_schema.physical.fetch import fetch as bring_chain
from app_schema.physical.fetch import members, newest
from app_schema.physical.fetch import size as bytes_of_chain
from app_schema.physical.fetch_wal import FetchedWal, Wal, archived
from app_schema.physical.transfer import Transfer
from app_schema.physical.verify import verify as check_clusters

if TYPE_CHECKING:
    from pathlib import Path

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.settings import Settings

WHOLE = (Kind.DUMP, Kind.SNAPSHOT)


@click.command()
@click.argument("backup", required=False)
@click.option("--list", "listing", is_flag=True, help="Only show what the bucket holds, and what of it is here.")
@click.option("--cluster", "of_cluster", is_flag=True, help="The newest chain of base backups, or the one of BACKUP, and all WAL since.")
@unsealed_option
@unencrypted_option
@click.pass_obj
def fetch(  # noqa: PLR0913 (an argument each option)
    settings: Settings, backup: str | None, *, listing: bool, of_cluster: bool, unsealed: bool, unencrypted: bool
) -> None:
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
    folder = folder_of(settings, unsealed=unsealed)
    copies = Copies(bucket, None if listing else folder.seal)
    if listing:
        say_listed(folder, copies, place_of(settings, folder))
        return
    with stoppable():
        if of_cluster:
            fetch_cluster(Transfer(settings, folder, copies, clear=unencrypted), backup)
        else:
            fetch_backup(Transfer(settings, folder, copies, clear=unencrypted), str(backup))


def fetch_backup(transfer: Transfer, name: str) -> None:
    """Bring a dump back, or a base or an incremental with its parents, and say so."""
    settings, copies = transfer.settings, transfer.copies
    database = settings.server_url.database if settings.server_url else None
    entry = copies.latest(WHOLE, database, say_note) if name == LATEST else copies.find(name)
    if entry.physical:
        bring_all(transfer, members(transfer, entry))
        echo(f"bring it back with: app-schema restore cluster --to DIR --backup {entry.id}")
        return
    if not entry.encryption:
        transfer.cipher("")
    else:
        try:
            for_reading(settings, entry.encryption)
        except EncryptionError as error:
            say_note(f"it cannot be restored on this machine: {error}")
    with counting("fetching", entry.size) as report:
        done = bring(transfer.folder, copies, entry, report)
    say_fetched(done)
    echo(f"bring it back with: app-schema restore dump {entry.id}")


def fetch_cluster(transfer: Transfer, name: str | None) -> None:
    """Bring a chain and its WAL back, prove the WAL, and say how far it reaches.

    Raises:
        BackupDamaged: the WAL is not what was written, or has a hole.
    """
    if name in (None, LATEST):
        chosen = newest(transfer, say_note)
    else:
        entry = transfer.copies.find(str(name))
        if entry.physical is None:
            raise SettingsError(f"{entry.id} is no backup of a cluster; fetch it without --cluster")
        chosen = members(transfer, entry)
    say_unrestorable(chosen[-1])
    bring_all(transfer, chosen, Wal(transfer, chain.place(chosen[0])))
    findings = list(check_clusters(transfer.settings, transfer.folder, chosen))
    for finding in findings:
        if finding.error is None and finding.name not in {member.id for member in chosen}:
            echo(f"{finding.name}: {finding.note}")
    if wrong := [f"{finding.name}: {finding.error}" for finding in findings if finding.error]:
        raise BackupDamaged(f"it was fetched, and is not as it was written: {'; '.join(wrong)}")
    echo("bring it back with: app-schema restore cluster --to DIR")


def bring_all(transfer: Transfer, chosen: tuple[Entry, ...], wal: Wal | None = None) -> None:
    """Bring a chain back and its WAL; whatever happens, say what came whole."""
    came: list[Fetched | FetchedWal] = []
    try:
        with counting("fetching", bytes_of_chain(transfer, chosen) + (wal.bytes if wal else 0)) as report:
            for done in bring_chain(transfer, chosen, wal, report):
                came.append(done)  # noqa: PERF402 (what came before it fails counts)
    finally:
        for done in came:
            say_fetched(done)


def say_note(line: str) -> None:
    """Say what a person should know, although it goes on."""
    echo(f"note: {line}", err=True)


def say_fetched(done: Fetched | FetchedWal) -> None:
    """Say what came and what was here already."""
    if isinstance(done, Fetched):
        echo(f"{done.entry.id}: {f'{size(done.bytes)} fetched, as written' if done.bytes else 'is here already'}")
        return
    echo(f"WAL of cluster {done.system_identifier}: {done.fetched} files fetched, {done.there} were here already")
    for name in done.strange:
        echo(f"warning: {name!r} lies among the WAL in the bucket and is none; it was left there", err=True)


def say_listed(folder: Folder, copies: Copies, archives: Path) -> None:
    """Say what the bucket holds, oldest first, and what of it is here."""
    entries = Catalogue(folder).read()[0]
    here = {entry.id for entry in entries if all((folder.path / part.file).exists() for part in entry.parts)}
    table = Table("id", "kind", "taken", box=None, pad_edge=False)
    table.add_column("size", justify="right")
    table.add_column("here")
    for copy in copies.backups:
        if copy.whole:
            table.add_row(copy.id, copy.kind, moments.minute(copy.taken), size(copy.bytes), "yes" if copy.id in here else "no")
    if table.row_count:
        show(lambda _room: table)
    else:
        echo(f"there are no backups in {copies.url}")
    for wal in archived(copies, archives):
        until = moments.minute(wal.modified)
        echo(f"WAL of cluster {wal.system_identifier}: {wal.files} files, {size(wal.bytes)}, sent until {until}; {wal.here} are here")
    for copy in copies.backups:
        if not copy.whole:
            echo(
                f"problem: {copy.id} has no entry in the bucket: its copy was never finished, or its entry is gone ({size(copy.bytes)})",
                err=True,
            )
