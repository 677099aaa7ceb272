"""pg_restore: an archive of pg_dump into a database that is there."""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo

from app_schema.backup.programs import Programs, environment, errors, reason
from app_schema.errors import RestoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import URL

JOBS = min(os.cpu_count() or 1, 4)  # index builds dominate
# pg_restore sets what only servers of its own version know
HARMLESS = ('unrecognized configuration parameter "transaction_timeout"',)


def restore(
    programs: Programs, url: URL, archive: Path, *arguments: str, lines: Sequence[str] | None = None, jobs: int = JOBS
) -> list[str]:
    """Restore all of an archive or some ``lines`` of its table of contents; return the errors that pg_restore met, a line each.

    Raises:
        RestoreError: it met something that it could not go on after.
    """
    if lines is not None and not lines:
        return []
    with tempfile.NamedTemporaryFile("w", prefix="app_schema-", suffix=".list", encoding="utf-8") as chosen:
        chosen.write("\n".join(lines or ()))
        chosen.flush()
        by_line = [f"--use-list={chosen.name}"] if lines else []
        parallel = [f"--jobs={jobs}"] if jobs > 1 else []
        # it connects only when its command line names a database; the rest is in its environment
        place = f"--dbname={make_conninfo(dbname=str(url.database))}"
        done = subprocess.run(  # noqa: S603 (no shell)
            programs.command("pg_restore", place, "--no-password", *parallel, *by_line, *arguments, str(archive)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=environment(url),
        )
    met = errors(done.stderr)
    if done.returncode < 0 or (done.returncode and not met):
        how = f"was killed by signal {-done.returncode}" if done.returncode < 0 else "failed"
        raise RestoreError(f"pg_restore {how}: {reason(done.stderr)}")
    return [error for error in met if not any(harmless in error for harmless in HARMLESS)]


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
