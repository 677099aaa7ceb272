"""psql: a script of pg_dump, plain or gzipped, into a database that is there; all of it or nothing."""

from __future__ import annotations

import gzip
import subprocess
import tempfile
import zlib
from collections import deque
from typing import IO, TYPE_CHECKING

from app_schema.backup.programs import Programs, environment, reason
from app_schema.backup.stream import BLOCK, copy
from app_schema.engine import literal
from app_schema.errors import RestoreError
from app_schema.restore import restriction
from app_schema.restore.restriction import Restricted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import URL

    from app_schema.backup.stream import Writable

GZIP_MAGIC = b"\x1f\x8b"
ARCHIVE_MAGIC = b"PGDMP"
BEGINNING = b"-- PostgreSQL database dump"
COMPLETE = b"-- PostgreSQL database dump complete"
CLUSTER = b"-- PostgreSQL database cluster dump"


# as pg_dump and pg_restore write it: they qualify every name
SET_PATH = "SELECT pg_catalog.set_config('search_path', {}, false);"
SET_PATH_AS_DUMPED = SET_PATH.format("''").encode()
END_OF_ROWS = b"\\.\n"
META_COMMAND = "backslash commands are restricted"


def is_archive(path: Path) -> bool:
    """Whether a file is an archive of pg_dump rather than a script."""
    with path.open("rb") as file:
        return file.read(len(ARCHIVE_MAGIC)) == ARCHIVE_MAGIC


def check(path: Path, name: str) -> None:
    """Read a script to its end, so that one that was cut off is noticed before any of it runs; ``name`` is what people call it.

    Raises:
        RestoreError: it is cut off, damaged, no script of pg_dump, or one for a whole server.
    """
    last: deque[bytes] = deque(maxlen=2)
    try:
        with opened(path) as script:
            first = script.read(BLOCK)
            last.append(first)
            while block := script.read(BLOCK):
                last.append(block)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise RestoreError(f"{name} is damaged or was cut off: its gzip data does not end as it should; nothing was restored") from None
    if not first:
        raise RestoreError(f"{name} is empty: the pg_dump that should have filled it failed; nothing was restored")
    if CLUSTER in first[:1000]:
        raise RestoreError(f"{name} is a script of pg_dumpall, for a server and not a database: run it with psql -f on an empty server")
    if COMPLETE in b"".join(last)[-2000:]:
        return
    if BEGINNING not in first[:1000]:
        raise RestoreError(
            f"{name} is no dump: what can be restored is what pg_dump wrote, an archive (--format=custom) or a script (.sql, .sql.gz),"
            " also encrypted (.gpg, .age); nothing was restored"
        )
    raise RestoreError(f"{name} does not end as pg_dump ends a script: pg_dump failed, or the file was cut off; nothing was restored")


def restore(programs: Programs, url: URL, path: Path, search_paths: Sequence[str] = ()) -> str | None:
    """Run a script in one transaction; if a statement fails, all of it once more with each of ``search_paths``.

    Returns:
        The ``search_path`` that it took, None for that of the script.

    Raises:
        RestoreError: a statement failed; nothing of it stays.
    """
    with opened(path) as script:
        first = feed(programs, url, lambda psql: copy(script, psql))
    if first is None:
        return None
    for search_path in search_paths:
        with opened(path) as script:
            lines = _with_path(script, SET_PATH.format(literal(search_path)).encode() + b"\n")

            def write(psql: Writable, lines: Iterator[bytes] = lines) -> None:
                for line in lines:
                    psql.write(line)

            if feed(programs, url, write) is None:
                return search_path
    if META_COMMAND in first:
        raise RestoreError(
            f"{path.name} holds a meta-command of psql, and such a one can run programs on this machine: restore what pg_dump wrote;"
            " nothing of it stays"
        )
    raise RestoreError(f"psql failed: {reason(first)}; nothing of it stays")


def feed(programs: Programs, url: URL, write: Callable[[Writable], None], *options: str) -> str | None:
    """Run in one transaction what ``write`` writes to psql's input; return what psql said if it failed, else None.

    Raises:
        ProgramMissing: this psql cannot be kept from running meta-commands.
    """
    restriction.check(programs)
    arguments = [
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--set=ON_ERROR_STOP=1",
        "--single-transaction",
        "--output=/dev/null",
        "--file=-",
    ]
    with tempfile.TemporaryFile() as said:
        psql = subprocess.Popen(  # noqa: S603 (no shell)
            programs.command("psql", *arguments, *options), stdin=subprocess.PIPE, stderr=said, env=environment(url), pipesize=BLOCK
        )
        with psql:
            try:
                assert psql.stdin is not None  # noqa: S101 (a pipe was asked for)
                restricted = Restricted(psql.stdin)
                write(restricted)
                restricted.finish()
                psql.stdin.close()
            except BrokenPipeError:  # psql gave up, and says why
                pass
            except BaseException:
                psql.kill()
                raise
        if not psql.returncode:
            return None
        said.seek(0)
        return said.read().decode(errors="replace")


def _with_path(script: IO[bytes], setting: bytes) -> Iterator[bytes]:
    rows = False
    for line in script:
        if rows:
            rows = line != END_OF_ROWS
        elif line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
            rows = True
        yield setting if line.rstrip() == SET_PATH_AS_DUMPED and not rows else line


def opened(path: Path) -> IO[bytes]:
    """Open a script for reading, unpacked if it is gzipped."""
    with path.open("rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]  # a GzipFile reads bytes
