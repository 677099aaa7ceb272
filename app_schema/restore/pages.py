"""Every page of every table and index, as amcheck and the data checksums see them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup.programs import environment, reason
from app_schema.engine import connect_to, quoted, writable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import URL

    from app_schema.backup.programs import Programs
    from app_schema.embedded.account import Account
    from app_schema.embedded.binaries import Binaries

EXTENSIONS = text("""
    SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck') AS available,
        EXISTS (SELECT FROM pg_extension WHERE extname = 'amcheck') AS installed
""")
# What a prepared transaction has locked, nobody can read until it ends.
LOCKED = text("""
    SELECT format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""'))
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE l.pid IS NULL AND l.mode = 'AccessExclusiveLock' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 1
""")
HELD = "not checked by amcheck, since a prepared transaction has locked it"
DATABASES = text("SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname")
NO_CHECKSUMS = "pages were not compared with checksums: the cluster has none; run pg_checksums --enable on the stopped server"
# what was looked at, and the first line that is said of it
REPORTED = re.compile(r"^(\S.*):\n\s+(.*)", re.MULTILINE)
SQLSTATE = re.compile(r"\S+: +([0-9A-Z]{5}): (.*)")
UNDEFINED = ("42P01", "42704", "42883")  # a table, another object, a function: of an index expression, run with an empty search_path
NO_AMCHECK = "pages were not checked by amcheck: this server has none (postgresql-contrib)"


def amcheck_all(programs: Programs, url: URL) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Check every database of a server that is our own, and leave them as they are; return what is wrong, and what was not looked at."""
    with connect_to(url) as connection:
        names = connection.scalars(DATABASES).all()
    bad: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    for name in names:
        found, unseen = amcheck(programs, url.set(database=name))
        if unseen == NO_AMCHECK:
            return (), (unseen,)
        if unseen:
            notes += (f"database {name}: {unseen}",)
        if found:
            bad += (f"amcheck of database {name}: {found}",)
    return bad, notes


def amcheck(programs: Programs, url: URL) -> tuple[str | None, str | None]:
    """Check one database, which is left as it was; return the first thing that is wrong, and what could not be looked at."""
    url = writable(url)  # in an accident, people stop applications by default_transaction_read_only
    with connect_to(url, isolation_level="AUTOCOMMIT") as connection:
        facts = connection.execute(EXTENSIONS).one()
        if not facts.available and not facts.installed:
            return None, NO_AMCHECK
        locked = connection.scalars(LOCKED).all()
        if not facts.installed:
            connection.exec_driver_sql("CREATE EXTENSION amcheck")
        try:
            found, unread = _run(programs, url, locked)
        finally:
            if not facts.installed:
                connection.exec_driver_sql("DROP EXTENSION amcheck")
    held = f"{', '.join(locked)}: {HELD}" if locked else None
    return found, "; ".join(filter(None, (held, unread))) or None


def _run(programs: Programs, url: URL, without: Sequence[str]) -> tuple[str | None, str | None]:
    # a pattern is asked for: quoted, a dot or a star in the name is just that; SQLSTATEs are only shown with --verbose
    excluded = [f"--exclude-relation={relation}" for relation in without]
    command = programs.command("pg_amcheck", "--verbose", "--heapallindexed", f"--database={quoted(str(url.database))}", *excluded)
    done = subprocess.run(  # noqa: S603 (no shell)
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, env=environment(url)
    )
    if done.returncode == 0:
        return None, None
    bad, unread = [], []
    for what, said in REPORTED.findall(done.stdout):
        error = SQLSTATE.match(said)
        if error and error[1] in UNDEFINED:
            unread.append(f"{what}: {error[2]}")
        else:
            bad.append(f"{what}: {said}")
    if not bad and not unread:
        bad.append(reason(done.stderr))
    note = f"not read by amcheck, since a function finds its names only with a search_path: {', '.join(unread)}" if unread else None
    return next(iter(bad), None), note


def checksums(data: Path, binaries: Binaries, account: Account) -> tuple[str, ...]:
    """Read every page of a cluster that is shut down and compare it with its checksum; return what is wrong."""
    done = account.run([binaries.folder / "pg_checksums", "--check", "--pgdata", data], env=binaries.env)
    if done.returncode == 0:
        return ()
    return (f"checksums: {reason(done.stderr)}",)
