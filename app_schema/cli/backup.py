"""``app-schema backup``: take backups, look at them, prove them, let the old ones go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from app_schema.backup.catalogue import Catalogue, Problem
from app_schema.backup.dump import dump as take_dump
from app_schema.backup.encryption import UNENCRYPTED
from app_schema.backup.folder import Folder

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry
    from app_schema.settings import Settings


@click.group()
def backup() -> None:
    """Take backups and prove them; the folder is APP_SCHEMA_BACKUP_DIR."""


@backup.command()
@click.option("--no-row-proof", is_flag=True, help="Do not count and hash the rows: faster, and a restore cannot be compared.")
@click.pass_obj
def dump(settings: Settings, *, no_row_proof: bool) -> None:
    """Dump the database into one portable file."""
    entry = take_dump(settings, Folder.of(settings), prove=not no_row_proof)
    say_taken(entry)


@backup.command("list")
@click.option("--json", "as_json", is_flag=True, help="Everything in the catalogue, for programs.")
@click.pass_obj
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the backups, oldest first."""
    entries, problems = Catalogue(Folder.of(settings)).read()
    if as_json:
        listed = {"backups": [entry.summary() for entry in entries], "problems": [problem._asdict() for problem in problems]}
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    if entries:
        Console(highlight=False).print(entries_table(entries))
    else:
        click.echo("no backups yet; make one with: app-schema backup dump")
    say_problems(problems)


def entries_table(entries: list[Entry]) -> Table:
    """Lay entries out for a terminal."""
    table = Table("id", "databases", box=None, pad_edge=False)
    for heading in ("size", "took", "rows"):
        table.add_column(heading, justify="right")
    for heading in ("encryption", "status", "verified", "drill"):
        table.add_column(heading)
    for entry in entries:
        proofs = [part.database.proof for part in entry.parts if part.database and part.database.proof]
        rows = sum(table.rows or 0 for proof in proofs for table in proof.tables.values())
        verified = f"{entry.verified[-1].at:%Y-%m-%d}" if entry.verified else "never"
        drill = f"{entry.drills[-1].at:%Y-%m-%d} {'passed' if entry.drills[-1].passed else 'FAILED'}" if entry.drills else "never"
        table.add_row(
            *(entry.id, ", ".join(entry.databases), size(entry.size), f"{entry.seconds:,.1f} s", f"{rows:,}"),
            *(entry.encryption or "none", entry.status, verified, drill),
        )
    return table


def say_taken(entry: Entry) -> None:
    """Say what was taken, what could not be, and what should be done about it."""
    click.echo(f"{entry.id}: {size(entry.size)} in {entry.seconds:,.1f} s, {entry.encryption or 'not encrypted'}, {entry.compression}")
    for line in entry.left_out:
        click.echo(f"not included: {line}", err=True)
    if entry.compression == "gzip":
        click.echo("note: this pg_dump has no zstd, so gzip was used: larger and slower", err=True)
    if entry.encryption is None:
        click.echo(f"warning: {UNENCRYPTED}", err=True)


def say_problems(problems: list[Problem]) -> None:
    """Say what is wrong in the folder."""
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004 (SI)
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"
