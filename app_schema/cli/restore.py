"""``app-schema restore``: bring a backup back, or try whether it would come."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

import click

from app_schema.backup import drill_results
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.upload import Bucket
from app_schema.cli.cluster import cluster
from app_schema.cli.echo import echo
from app_schema.cli.progress import watching
from app_schema.cli.proving import folder_of, unencrypted_option, unsealed_option
from app_schema.cli.stopping import stoppable
from app_schema.engine import database_url, quoted
from app_schema.errors import BackupError, RestoreDiffers, SettingsError
from app_schema.restore.cluster import RTO as CLUSTER_RTO
from app_schema.restore.cluster_drill import drill as try_cluster
from app_schema.restore.drill import RTO
from app_schema.restore.drill import drill as try_restore
from app_schema.restore.dump import Restored
from app_schema.restore.dump import restore as restore_dump
from app_schema.restore.one_table import restore_table
from app_schema.restore.source import Source

if TYPE_CHECKING:
    from datetime import timedelta

    from app_schema.backup.folder import Folder
    from app_schema.restore.drill import Drilled
    from app_schema.settings import Settings

backup_argument = click.argument("backup", default="latest")
database_option = click.option("--database", metavar="NAME", help="Which database of a snapshot (default: the one of DATABASE_URL).")


@click.group()
def restore() -> None:
    """Restore backups, and try whether they can be."""


@restore.command()
@backup_argument
@click.option("--to", metavar="NAME", help="The database to make (default: the one of DATABASE_URL, which must be missing).")
@click.option("--replace", is_flag=True, help="Put it in the place of that database, which keeps a dated name.")
@click.option("--accept-definitions", is_flag=True, help="Take it although definitions differ, unless rows do; the catalogue notes it.")
@unsealed_option
@unencrypted_option
@click.option("--table", metavar="NAME", help="One table with its indexes and keys, into a database that lacks it or a new one.")
@database_option
@click.pass_obj
def dump(  # noqa: PLR0913 (an argument each option)
    settings: Settings,
    backup: str,
    *,
    to: str | None,
    replace: bool,
    accept_definitions: bool,
    table: str | None,
    database: str | None,
    unsealed: bool,
    unencrypted: bool,
) -> None:
    """Restore BACKUP: an id or its beginning, latest, or a file (.sql.gz and .sql.gz.gpg too).

    It is made under another name and compared with what was taken before anything takes its place.
    """
    if table and replace:
        raise SettingsError("--table puts one table back and --replace a whole database; give one of them")
    if table and accept_definitions:
        raise SettingsError("--table compares no definitions, so there are none to accept; leave --accept-definitions out")
    server = database_url(settings)
    folder = folder_of(settings, unsealed=unsealed)
    source = Source.find(folder, backup, database or str(server.database), clear=unencrypted)
    target = server.set(database=to or str(server.database))
    with stoppable(), watching() as steps:
        if table:
            done = restore_table(settings, source, target, table, steps=steps)
        else:
            done = restore_dump(settings, source, target, replace_it=replace, accept_definitions=accept_definitions, steps=steps)
    say_restored(source.name, done)


@restore.command()
@backup_argument
@click.option("--quick", is_flag=True, help="Definitions and rows only, compared by counts and hashes: a fraction of the time.")
@click.option("--cluster", "of_cluster", is_flag=True, help="Of base backups and WAL; --quick leaves its pages unread.")
@database_option
@unsealed_option
@unencrypted_option
@click.pass_obj
def drill(  # noqa: PLR0913 (an argument each option)
    settings: Settings, backup: str, *, quick: bool, of_cluster: bool, database: str | None, unsealed: bool, unencrypted: bool
) -> None:
    """Restore BACKUP into a throwaway database, compare it with what was taken, and drop it; exit 3 when it is not the same."""
    folder = folder_of(settings, unsealed=unsealed)
    if of_cluster:
        with stoppable(), watching() as steps:
            name, tried = try_cluster(settings, folder, backup, quick=quick, steps=steps)
        copy_result(settings, folder, name)
        say_drilled(name, tried, CLUSTER_RTO)
        return
    server = database_url(settings)
    source = Source.find(folder, backup, database or str(server.database), clear=unencrypted)
    with stoppable(), watching() as steps:
        done = try_restore(settings, source, server, quick=quick, steps=steps)
    copy_result(settings, folder, source.name)
    say_drilled(source.name, done)


def say_restored(source: str, done: Restored) -> None:
    """Say what was restored, and what of it is not what was taken.

    Raises:
        RestoreDiffers: something differs.
    """
    tables = f"{done.tables} table{'s' * (done.tables != 1)}"
    echo(f"database {done.database}: {done.rows:,} rows in {tables} from {source}, in {done.seconds:,.1f} s")
    if done.old:
        echo(f"the one before is now {done.old}; drop it when nobody misses it: DROP DATABASE {quoted(done.old)}")
    for note in done.notes:
        echo(f"note: {note}", err=True)
    for missing in done.missing:
        echo(f"not as in the backup: {missing}\n{indent(missing.statement, '    ')}", err=True)
    if done.missing and not done.differences and not done.accepted:
        raise RestoreDiffers(f"database {done.database} is there; what is listed above is not as in the backup ({len(done.missing)})")
    if done.differences:
        raise RestoreDiffers(f"database {done.database} is there, and is not what was taken: {'; '.join(done.differences)}")
    if done.accepted:
        said = "these definitions do, were accepted, and are noted in the catalogue"
        echo(f"compared: rows do not differ from what was taken; {said}: {'; '.join(done.accepted)}")
        return
    echo("compared: unproved, there was nothing to compare with" if done.differences is None else "compared: equal to what was taken")


def copy_result(settings: Settings, folder: Folder, entry_id: str) -> None:
    """Copy the result of a drill to the bucket, where the host that took the backup finds it; what keeps it from that is a warning."""
    try:
        bucket = Bucket.of(settings)
        if bucket and drill_results.send(Catalogue(folder), entry_id, bucket):
            echo(f"the result was copied to s3://{bucket.name}: app-schema backup verify takes it over on the host of the backup")
    except (BackupError, SettingsError) as error:  # the exit code tells of the drill
        echo(f"warning: {error}", err=True)


def say_drilled(source: str, done: Drilled, rto: timedelta = RTO) -> None:
    """Say whether it came back, and how long it took against the RTO.

    Raises:
        RestoreDiffers: it did not come back as it was.
    """
    kind, hours = "quick drill" if done.drill.quick else "drill", rto.total_seconds() / 3600
    for note in done.notes:
        echo(f"note: {note}", err=True)
    if not done.drill.passed:
        why = done.drill.error or "; ".join(done.drill.differences)
        raise RestoreDiffers(f"{kind} of {source} FAILED after {done.drill.seconds:,.1f} s: {why}")
    within = "within" if done.drill.seconds <= rto.total_seconds() else "OVER"
    echo(f"{kind} of {source} passed in {done.drill.seconds:,.1f} s, {within} the RTO of {hours:g} h; nothing of it is left")


restore.add_command(cluster)
