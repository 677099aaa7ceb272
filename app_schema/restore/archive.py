"""pg_restore: an archive of pg_dump into a database that is there."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo

from app_schema.backup.programs import Programs, environment, errors, reason
from app_schema.errors import RestoreError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

JOBS = min(os.cpu_count() or 1, 4)  # index builds dominate
# pg_restore sets what only servers of its own version know
HARMLESS = ('unrecognized configuration parameter "transaction_timeout"',)


def restore(programs: Programs, url: URL, archive: Path, *arguments: str, jobs: int = JOBS) -> list[str]:
    """Restore and return the errors that pg_restore met, a line each; it goes on after one.

    Raises:
        RestoreError: it met something that it could not go on after.
    """
    parallel = [f"--jobs={jobs}"] if jobs > 1 else []
    command = programs.command("pg_restore", f"--dbname={_by_environment(url)}", "--no-password", *parallel, *arguments, str(archive))
    done = subprocess.run(  # noqa: S603 (no shell)
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, env=environment(url)
    )
    found = [error for error in errors(done.stderr) if not any(harmless in error for harmless in HARMLESS)]
    if done.returncode < 0 or (done.returncode and not errors(done.stderr)):
        how = f"was killed by signal {-done.returncode}" if done.returncode < 0 else "failed"
        raise RestoreError(f"pg_restore {how}: {reason(done.stderr)}; the database is as it was")
    return found


def listing(programs: Programs, archive: Path) -> list[str]:
    """Return the table of contents of an archive, a line an object.

    Raises:
        RestoreError: it is no archive of pg_dump.
    """
    done = subprocess.run(  # noqa: S603 (no shell)
        programs.command("pg_restore", "--list", str(archive)), capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise RestoreError(f"{archive} is no archive of pg_dump, or is of a newer version: {reason(done.stderr)}")
    return [line for line in done.stdout.splitlines() if line and not line.startswith(";")]


def _by_environment(url: URL) -> str:
    # pg_restore connects only when told to on its command line; the rest is in its environment
    return make_conninfo(dbname=str(url.database))
