"""``app-schema backup base | incremental | wal``: the cluster's files and its WAL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from app_schema import moments
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.encryption import UNENCRYPTED, for_writing
from app_schema.backup.folder import Folder
from app_schema.backup.origin import NOTE as RESCUED
from app_schema.backup.upload import Bucket
from app_schema.cli.echo import echo
from app_schema.cli.progress import watching
from app_schema.cli.stopping import stoppable
from app_schema.errors import Interrupted, ProgramMissing, WalBehind
from app_schema.monitoring.units import size
from app_schema.physical import restorable
from app_schema.physical.base import base as take_base
from app_schema.physical.base import incremental as take_incremental
from app_schema.physical.elsewhere import upload as send_cluster
from app_schema.physical.elsewhere import upload_wal
from app_schema.physical.receiver import receiver
from app_schema.physical.status import look

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_schema.backup.entry import Entry
    from app_schema.backup.steps import Steps
    from app_schema.physical.status import Status
    from app_schema.settings import Settings


@click.command()
@click.pass_obj
def base(settings: Settings) -> None:
    """Copy the whole cluster: the beginning of a chain."""
    _copied(settings, take_base)


@click.command()
@click.pass_obj
def incremental(settings: Settings) -> None:
    """Copy the blocks that changed since the newest backup of the chain (PostgreSQL 17 and newer)."""
    _copied(settings, take_incremental)


def _copied(settings: Settings, take: Callable[[Settings, Folder, Steps], Entry]) -> None:
    folder, bucket = Folder.of(settings), Bucket.of(settings)
    with stoppable(), watching() as steps:
        entry = take(settings, folder, steps)
    say_copied(entry)
    say_unrestorable(entry)
    if entry.rescued:
        echo(f"note: {RESCUED}", err=True)
    else:
        say_problems(settings, folder)
    copy_cluster(settings, folder, entry, bucket)


@click.command()
@click.option("--status", is_flag=True, help="Only say how far the archive is behind the server; exit 3 when something is wrong.")
@click.option("--json", "as_json", is_flag=True, help="With --status: for programs.")
@click.pass_obj
def wal(settings: Settings, *, status: bool, as_json: bool) -> None:
    """Receive the server's WAL until stopped: everything since the newest base can then be recovered."""
    folder = Folder.of(settings)
    if status:
        say_status(look(settings, folder), as_json=as_json)
        return
    bucket = Bucket.of(settings)
    # a receiver that waited for another upload would not start pg_receivewal again when that ends
    copy = (lambda: upload_wal(settings, folder, bucket, wait=0)) if bucket else None
    ready = receiver(settings, folder, echo, copy)
    try:
        with stoppable():
            ready.run()
    except Interrupted:
        echo("stopped; the server keeps its WAL for us, at most max_slot_wal_keep_size of it")


def say_unrestorable(entry: Entry) -> None:
    """Say which programs are missing on this machine to restore a cluster: here it costs nothing, in the disaster it does."""
    try:
        restorable.check(entry)
    except ProgramMissing as missing:
        echo(f"note: it cannot be restored on this machine: {missing}", err=True)


def say_problems(settings: Settings, folder: Folder) -> None:
    """Warn of an archive of WAL that will not bring this backup further than its own end."""
    for problem in look(settings, folder).problems:
        echo(f"warning: {problem}", err=True)


def say_status(found: Status, *, as_json: bool) -> None:
    """Say it for people or for programs.

    Raises:
        BackupError: something is wrong.
    """
    if as_json:
        echo(json.dumps(found.summary(), indent=1))
    else:
        echo(f"receiver  {found.receiver}{f', the server keeps {size(found.retained_bytes)} for it' * bool(found.retained_bytes)}")
        echo(f"archiver  {found.archiver}")
        at = f" of {moments.exact(found.newest_at.replace(microsecond=0))}" if found.newest_at else ""
        echo(f"newest    {found.newest or 'nothing'}{at}")
        echo(f"behind    {size(found.behind_bytes)}{f', {found.behind_seconds:,.0f} s' * bool(found.behind_seconds)}")
    if found.problems:
        raise WalBehind("; ".join(found.problems))


def copy_cluster(settings: Settings, folder: Folder, entry: Entry, bucket: Bucket | None) -> None:
    """Copy a base or an incremental to the bucket, if there is one, encrypted on the way."""
    if bucket is None:
        return
    with stoppable():
        done = send_cluster(settings, Catalogue(folder), entry, bucket)
    copy = done.uploads[-1]
    echo(f"copied to {copy.url}, its checksum read back; encrypted there: {copy.server_side_encryption or 'no'}")
    if for_writing(settings) is None:
        echo(f"warning: {UNENCRYPTED}", err=True)
    if not copy.versioning:
        echo(f"warning: bucket {bucket.name} keeps no versions: turn versioning on", err=True)


def say_copied(entry: Entry) -> None:
    """Say what was taken."""
    assert entry.physical is not None  # noqa: S101 (every base and incremental has one)
    upon = f" upon {entry.physical.parent}" if entry.physical.parent else ""
    echo(f"{entry.id}: {size(entry.size)} in {entry.seconds:,.1f} s{upon}, consistent from {entry.physical.stop_lsn} on")
    if configuration := entry.physical.configuration:
        echo(f"with {len(configuration.files)} configuration files from outside the data directory")
    for remark in entry.remarks:
        echo(f"warning: {remark}", err=True)
