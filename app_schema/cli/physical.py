"""``app-schema backup base | incremental``: the cluster's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app_schema.backup.folder import Folder
from app_schema.cli.backup import size
from app_schema.cli.stopping import stoppable
from app_schema.physical.base import base as take_base
from app_schema.physical.base import incremental as take_incremental

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry
    from app_schema.settings import Settings


@click.command()
@click.pass_obj
def base(settings: Settings) -> None:
    """Copy the whole cluster: the beginning of a chain."""
    with stoppable():
        entry = take_base(settings, Folder.of(settings))
    say_copied(entry)


@click.command()
@click.pass_obj
def incremental(settings: Settings) -> None:
    """Copy the blocks that changed since the newest backup of the chain (PostgreSQL 17 and newer)."""
    with stoppable():
        entry = take_incremental(settings, Folder.of(settings))
    say_copied(entry)


def say_copied(entry: Entry) -> None:
    """Say what was taken."""
    assert entry.physical is not None  # noqa: S101 (every base and incremental has one)
    upon = f" upon {entry.physical.parent}" if entry.physical.parent else ""
    click.echo(f"{entry.id}: {size(entry.size)} in {entry.seconds:,.1f} s{upon}, consistent from {entry.physical.stop_lsn} on")
