"""``app-schema backup``: take backups, look at them, prove them, let the old ones go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from app_schema import moments
from app_schema.backup import drill_results
from app_schema.backup.catalogue import Catalogue, Problem
from app_schema.backup.dump import dump as take_dump
from app_schema.backup.encryption import UNENCRYPTED
from app_schema.backup.entry import Kind
from app_schema.backup.folder import Folder
from app_schema.backup.origin import NOTE as RESCUED
from app_schema.backup.prune import prune as let_go
from app_schema.backup.seal import MAKE, NO_KEY, VARIABLE, cure, why_not
from app_schema.backup.snapshot import snapshot as take_snapshot
from app_schema.backup.upload import Bucket
from app_schema.backup.upload import upload as send
from app_schema.backup.verify import verify as check
from app_schema.cli.echo import echo
from app_schema.cli.fetch import fetch
from app_schema.cli.folding import left_out
from app_schema.cli.listing import show_decisions, show_entries
from app_schema.cli.physical import base, copy_cluster, incremental, wal
from app_schema.cli.progress import counting, say_above
from app_schema.cli.stopping import stoppable
from app_schema.errors import BackupDamaged, BackupError, BackupUnknown, SettingsError
from app_schema.monitoring.units import size
from app_schema.physical.elsewhere import upload_wal as send_wal
from app_schema.physical.expiry import expire
from app_schema.physical.sealing import seal_entry
from app_schema.physical.verify import verify as check_clusters
from app_schema.printable import visible_json, visible_name

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry
    from app_schema.settings import Settings

LOGICAL = (Kind.DUMP, Kind.SNAPSHOT, Kind.MASKED)
no_row_proof_option = click.option(
    "--no-row-proof", is_flag=True, help="Do not count and hash the rows: faster, and a restore has less to be compared with."
)


@click.group()
def backup() -> None:
    """Take backups and prove them; the folder is APP_SCHEMA_BACKUP_DIR."""


@backup.command()
@no_row_proof_option
@click.pass_obj
def dump(settings: Settings, *, no_row_proof: bool) -> None:
    """Dump the database into one portable file."""
    folder, bucket = Folder.of(settings), Bucket.of(settings)
    with stoppable(), counting("dumping") as report:
        entry = take_dump(settings, folder, prove=not no_row_proof, report=report)
    say_taken(folder, entry)
    copy_elsewhere(folder, entry, bucket)


@backup.command()
@no_row_proof_option
@click.pass_obj
def snapshot(settings: Settings, *, no_row_proof: bool) -> None:
    """Dump every database of the server, and its roles and tablespaces."""
    folder, bucket = Folder.of(settings), Bucket.of(settings)
    with stoppable(), counting("dumping") as report:
        entry = take_snapshot(settings, folder, prove=not no_row_proof, report=report)
    say_taken(folder, entry)
    copy_elsewhere(folder, entry, bucket)


@backup.command()
@click.pass_obj
def masked(settings: Settings) -> None:
    """Write a copy for development, in which nobody's data is: names, addresses, tokens and texts are replaced.

    It is a script of SQL: restore it with app-schema restore dump, or, if it was made on this machine, with gunzip and psql alone.
    """
    from app_schema.backup.masked import masked as take_masked  # noqa: PLC0415 (with the models, which no other backup needs)

    folder = Folder.of(settings)
    with stoppable(), counting("masking") as report:
        copy = take_masked(settings, folder, report=report)
    say_taken(folder, copy.entry)
    echo(f"every account in it has this password (shown once): {copy.password}")


@backup.command()
@click.argument("backup", default="latest")
@click.option("--wal", "of_wal", is_flag=True, help="All archived WAL that is not there yet, instead of a backup.")
@click.pass_obj
def upload(settings: Settings, backup: str, *, of_wal: bool) -> None:
    """Copy BACKUP (default: the latest) to APP_SCHEMA_BACKUP_S3_URL; new backups and received WAL go there by themselves."""
    bucket = Bucket.of(settings)
    if bucket is None:
        raise SettingsError("there is nowhere to copy to: set APP_SCHEMA_BACKUP_S3_URL to s3://bucket/prefix")
    folder = Folder.of(settings)
    if of_wal:
        echo(f"copied {send_wal(settings, folder, bucket)} files of WAL")
        return
    entry = Catalogue(folder).find(backup, kinds=LOGICAL if backup == "latest" else tuple(Kind))
    if entry.physical:
        copy_cluster(settings, folder, entry, bucket)
    else:
        copy_elsewhere(folder, entry, bucket)


@backup.command()
@click.argument("backups", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Of clusters, read all again, not only what is due today.")
@click.option("--seal", "sealing", is_flag=True, help="Seal those that carry no seal of this machine's key, if they are as written.")
@click.pass_obj
def verify(settings: Settings, backups: tuple[str, ...], *, everything: bool, sealing: bool) -> None:
    """Compare the stored bytes of BACKUPS (default: all) with what was written, and prove the WAL; exit 3 as long as one is damaged.

    With APP_SCHEMA_BACKUP_SEAL_KEY_FILE it says which backups nothing proves to be of a machine with that key.
    """
    folder = Folder.of(settings)
    catalogue = Catalogue(folder)
    if sealing and folder.seal is None:
        raise SettingsError(f"there is no key to seal with: set {VARIABLE}; {MAKE}")
    if not backups:
        take_results(settings, catalogue)
    entries, problems = catalogue.read()
    if backups:
        entries, problems = [catalogue.find(name, kinds=tuple(Kind)) for name in backups], []
    looked = bad = len(problems)
    sound = set()
    with stoppable(), counting("verifying", sum(entry.size for entry in entries)) as report:
        for entry in (entry for entry in entries if not entry.physical):
            try:
                seen = check(catalogue, entry, report)
            except BackupUnknown as gone:
                say_above(str(gone))
                continue
            looked, bad = looked + 1, bad + bool(seen.damaged)
            sound |= {entry.id} if not seen.damaged else set()
            say_above(f"{entry.id}: {seen.damaged or f'{size(entry.size)}, as written'}")
        for finding in check_clusters(
            settings, folder, [entry for entry in entries if entry.physical], everything=everything or sealing, report=report
        ):
            looked, bad = looked + 1, bad + bool(finding.error)
            sound |= {finding.name} if not finding.error else set()
            says = finding.error or finding.note
            say_above(says if says.startswith(finding.name) else f"{finding.name}: {says}")
    say_problems(problems)
    if not looked:
        echo(f"there is no backup in {folder.path}")
    bad += say_seals(settings, catalogue, [entry for entry in entries if entry.id in sound], sealing=sealing)
    if bad:
        raise BackupDamaged(f"{bad} of {looked} are not as they were written; take a new backup now")


@backup.command()
@click.option("--dry-run", is_flag=True, help="Only show what would go, and why.")
@click.pass_obj
def prune(settings: Settings, *, dry_run: bool) -> None:
    """Remove what the policy no longer keeps; never the last good one."""
    folder = Folder.of(settings)
    decided = let_go(settings, folder, dry_run=dry_run)
    if decided:
        show_decisions(decided, dry_run=dry_run)
    gone = [decision.entry for decision in decided if not decision.keep]
    freed = size(sum(entry.size for entry in gone))
    did = "would remove" if dry_run else "removed"
    echo(f"{did} {len(gone)} of {len(decided)} backups, {freed}")
    kept = [decision.entry for decision in decided if decision.keep] if dry_run else None  # else what the catalogue says by then
    for old in expire(settings, folder, kept, dry_run=dry_run):
        echo(f"{did} {len(old.names)} files of WAL of cluster {old.system_identifier}, {size(old.bytes)}: {old.reason}")
    _, problems = Catalogue(folder).read()
    say_problems(problems)
    if problems:
        echo("what has a problem is never removed; when you know what it is, remove it by hand", err=True)


@backup.command("list")
@click.option("--json", "as_json", is_flag=True, help="Everything in the catalogue, for programs.")
@click.pass_obj
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the backups, oldest first."""
    entries, problems = Catalogue(Folder.of(settings)).read()
    if as_json:
        listed = {"backups": [entry.summary() for entry in entries], "problems": [problem._asdict() for problem in problems]}
        echo(visible_json(json.dumps(listed, ensure_ascii=False, indent=1)))
        return
    if entries:
        show_entries(entries)
    else:
        echo("no backups yet; make one with: app-schema backup dump")
    say_problems(problems)


def copy_elsewhere(folder: Folder, entry: Entry, bucket: Bucket | None) -> None:
    """Copy a backup to the bucket, if there is one, and say how it is kept there."""
    if bucket is None:
        return
    with stoppable(), counting("copying", entry.size) as report:
        done = send(Catalogue(folder), entry, bucket, report).uploads[-1]
    echo(f"copied to {done.url}, its checksum read back; encrypted there: {done.server_side_encryption or 'no'}")
    if not done.versioning:
        echo(
            f"warning: bucket {bucket.name} keeps no versions: whoever can write to it can overwrite backups; turn versioning on", err=True
        )


def take_results(settings: Settings, catalogue: Catalogue) -> None:
    """Take over the results of drills that other machines have left in the bucket; what keeps it from that is a warning."""
    try:
        bucket = Bucket.of(settings)
        taken = drill_results.take(catalogue, bucket, lambda line: echo(f"warning: {line}", err=True)) if bucket else []
    except (BackupError, SettingsError) as error:
        echo(f"warning: results of drills on other machines were not looked for: {error}", err=True)
        return
    for name, drill in taken:
        how = "passed" if drill.passed else f"FAILED: {visible_name(drill.error or '; '.join(drill.differences))}"
        echo(f"{name}: {'quick ' * drill.quick}drill of {moments.minute(drill.at)} on another machine {how}")


def say_seals(settings: Settings, catalogue: Catalogue, entries: list[Entry], *, sealing: bool) -> int:
    """Say which backups nothing proves to be of a machine with the key, seal them if asked, and return how many are forged."""
    key = catalogue.folder.seal
    if key is None:
        if entries:
            echo(NO_KEY)
        return 0
    forged = [entry for entry in entries if key.is_forged(entry)]
    for entry in forged:
        echo(f"{entry.id} {why_not(key, entry)}: somebody has changed it; use another backup", err=True)
    bare = [entry for entry in entries if why_not(key, entry) and entry not in forged]
    if sealing and bare:
        bucket = Bucket.of(settings)
        for entry in bare:
            seal_entry(catalogue, entry, bucket)
            echo(f"{entry.id}: sealed")
    elif bare:
        names = f"{bare[0].id}{f' and {len(bare) - 1} more' if len(bare) > 1 else ''}"
        echo(f"note: nothing proves where {names} came from; to restore one, {cure('')}", err=True)
    return len(forged)


def say_taken(folder: Folder, entry: Entry) -> None:
    """Say what was taken, what could not be, and what should be done about it."""
    echo(f"{entry.id}: {size(entry.size)} in {entry.seconds:,.1f} s, {entry.encryption or 'not encrypted'}, {entry.compression}")
    for line in left_out(entry):
        echo(f"not included: {line}", err=True)
    if entry.rescued:
        echo(f"note: {RESCUED}", err=True)
    if entry.left_out:
        echo(f"each of it by name: {folder.path / entry.id}.json", err=True)
    if entry.kind is Kind.MASKED:
        return
    for database in (part.database for part in entry.parts if part.database):
        for line in database.warnings:
            echo(f"warning: database {database.name}: {line}", err=True)
    if entry.compression == "gzip":
        echo("note: this pg_dump has no zstd, so gzip was used: larger and slower", err=True)
    if entry.encryption is None:
        echo(f"warning: {UNENCRYPTED}", err=True)


def say_problems(problems: list[Problem]) -> None:
    """Say what is wrong in the folder."""
    for problem in problems:
        echo(f"problem: {problem}", err=True)


for command in (base, incremental, wal, fetch):
    backup.add_command(command)
