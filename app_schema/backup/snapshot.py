"""``backup snapshot``: every database of the server, each with its own proof, and the roles and tablespaces.

What ``pg_dumpall`` would put into one long script is here a file a database, so that each can be proved, drilled
and restored by itself, and a file of ``pg_dumpall --globals-only``.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup import taking
from app_schema.backup.dump import running, take
from app_schema.backup.entry import PASSWORDS, Entry, Kind
from app_schema.backup.holding import Part
from app_schema.backup.stream import store
from app_schema.engine import connect_to
from app_schema.errors import ServerUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_schema.backup.folder import Draft, Folder
    from app_schema.backup.taking import Taking
    from app_schema.settings import Settings

DATABASES = text("""
    SELECT datname, has_database_privilege(oid, 'CONNECT') AS open FROM pg_database
    WHERE datallowconn AND NOT datistemplate AND datname !~ '^app_schema_restoring_[0-9a-f]{12}$' ORDER BY datname
""")
THERE = text("SELECT true FROM pg_database WHERE datname = :name")
ROLES = ".roles.sql"
READS_PASSWORDS = text("SELECT has_table_privilege('pg_authid', 'SELECT')")


def snapshot(settings: Settings, folder: Folder, *, prove: bool = True, report: Callable[[int], None] | None = None) -> Entry:
    """Dump every database of the settings' server into ``folder``; arguments and errors as for :func:`.dump.dump`."""
    with taking.begun(settings, folder, Kind.SNAPSHOT, report) as run, ExitStack() as drafts:
        names = run.connection.execute(DATABASES).all()
        missing = tuple(f"database {row.datname}: no CONNECT" for row in names if not row.open)
        roles = drafts.enter_context(run.file(ROLES))
        with_passwords = bool(run.connection.scalar(READS_PASSWORDS))
        parts = [(_roles(run, roles, with_passwords=with_passwords), roles)]
        for number, row in enumerate((row for row in names if row.open), 1):
            url = run.url.set(database=row.datname)
            with ExitStack() as opened:
                try:
                    connection = opened.enter_context(connect_to(url))
                except ServerUnreachable:
                    if run.connection.scalar(THERE, {"name": row.datname}):
                        raise
                    continue  # it was dropped in the meantime
                draft = drafts.enter_context(run.file(f".{number}.dump"))  # a database's name may hold what a file's may not
                parts.append((take(run, connection, url, draft, prove=prove), draft))
        return run.enter(parts, missing=missing if with_passwords else (*missing, f"{PASSWORDS}this role may not read pg_authid"))


def _roles(run: Taking, draft: Draft, *, with_passwords: bool) -> Part:
    arguments = ["--globals-only"] + ([] if with_passwords else ["--no-role-passwords"])
    with running(run.programs.command("pg_dumpall", *arguments, f"--database={run.url.database}"), run.url) as (output, ended):
        stored = store(output, draft.file, run.cipher, run.report)
        ended()
    return Part(file=draft.name, **stored._asdict())
