"""Options that a server keeps for itself in the catalog of columns, which a pg_dump that does not know them would write down."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.backup.programs import environment, reason
from app_schema.engine import quoted
from app_schema.errors import BackupError, ProgramMissing

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

    from app_schema.backup.programs import Programs

OWN = text("""
    SELECT n.nspname AS schema, c.relname AS name, split_part(o, '=', 1) AS option
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN unnest(a.attoptions) o
    WHERE c.relkind IN ('r', 'p', 'f', 'm') AND a.attnum > 0 AND NOT a.attisdropped
        AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
        AND split_part(o, '=', 1) NOT IN ('n_distinct', 'n_distinct_inherited')
    LIMIT 1
""")


def check(programs: Programs, connection: Connection, url: URL) -> None:
    """Try on one table whether pg_dump leaves out what only this server takes; a server without such options costs one query.

    Raises:
        ProgramMissing: it does not: of such a dump another server would take no table at all.
        BackupError: pg_dump failed.
    """
    if (own := connection.execute(OWN).first()) is None:
        return
    command = programs.command("pg_dump", "--schema-only", "--lock-wait-timeout=5min", f"--table={quoted(own.schema)}.{quoted(own.name)}")
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment(url))  # noqa: S603 (no shell)
    if done.returncode:
        raise BackupError(f"pg_dump failed: {reason(done.stderr)}; the catalogue is as it was")
    if f"({own.option}=" in done.stdout or f", {own.option}=" in done.stdout:
        server = str(connection.exec_driver_sql("SHOW server_version").scalar_one()).split()[0]
        raise ProgramMissing(
            f"pg_dump {programs.version} would write {own.option} into the dump, an option of columns that PostgreSQL {server} keeps for"
            f" itself and no other server takes: install postgresql-client-{server.split('.')[0]} of version {server} or newer"
        )
