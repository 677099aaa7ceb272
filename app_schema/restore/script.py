"""A script of pg_dump, plain or gzipped, into a database that is there; all of it or nothing."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import deque
from typing import IO, TYPE_CHECKING, NamedTuple

import psycopg

from app_schema.backup.programs import reason
from app_schema.backup.stream import BLOCK
from app_schema.engine import connect_to, literal
from app_schema.errors import RestoreError
from app_schema.restore.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import URL

GZIP_MAGIC = b"\x1f\x8b"
ARCHIVE_MAGIC = b"PGDMP"
BEGINNING = b"-- PostgreSQL database dump"
COMPLETE = b"-- PostgreSQL database dump complete"
CLUSTER = b"-- PostgreSQL database cluster dump"


# as pg_dump and pg_restore write it: they qualify every name
SET_PATH = "SELECT pg_catalog.set_config('search_path', {}, false);"
SET_PATH_AS_DUMPED = SET_PATH.format("''").encode()
# of PostgreSQL 17, whose pg_restore also serves older servers
SET_TIMEOUT = b"SET transaction_timeout = 0;"
SET_TIMEOUT_IF_KNOWN = b"SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'"
COPY = re.compile(rb"\A(?:\s|--[^\n]*\n)*COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)
FIRST_WORD = re.compile(rb"\A(?:\s|--[^\n]*\n|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*([A-Za-z]+)")
CONTROL = (b"BEGIN", b"START", b"COMMIT", b"END", b"ROLLBACK", b"ABORT", b"PREPARE")
AROUND_LARGE_OBJECTS = (b"BEGIN;", b"COMMIT;")  # which are in our transaction already
END_OF_ROWS = b"\\."
EXISTS = ("42P04", "42P06", "42P07", "42701", "42710", "42723")


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


class Refusal(NamedTuple):
    """Why a statement was not carried out; ``sqlstate`` is PostgreSQL's code."""

    sqlstate: str
    reason: str

    @property
    def exists(self) -> bool:
        """Whether there is an object of that name already."""
        return self.sqlstate in EXISTS


def restore(url: URL, path: Path, name: str, search_paths: Sequence[str] = ()) -> str | None:
    """Run a script in one transaction; if a statement fails, all of it once more with each of ``search_paths``.

    Args:
        url: the database.
        path: the script.
        name: what people call it.
        search_paths: values of ``search_path`` in the place of the script's own.

    Returns:
        The ``search_path`` that it took, None for that of the script.

    Raises:
        RestoreError: a statement failed, or it is no script that pg_dump writes; nothing of it stays.
    """
    first = None
    try:
        for search_path in (None, *search_paths):
            with opened(path) as script:
                refusal = run(url, script, search_path=search_path)
            if refusal is None:
                return search_path
            first = first or refusal
    except RestoreError as error:
        raise RestoreError(f"{name}: {error}; nothing of it stays") from None
    raise RestoreError(f"{name}: a statement failed: {first.reason if first else ''}; nothing of it stays")


def run(
    url: URL, lines: Iterable[bytes], *, search_path: str | None = None, before: str = "", ended: Callable[[], None] | None = None
) -> Refusal | None:
    """Run a script in one transaction, in a session of its own, statement by statement; return the first refusal.

    Args:
        url: the database.
        lines: of the script.
        search_path: in the place of the one that pg_dump sets; None: as it is.
        before: SQL to run once that is set.
        ended: is called before the commit, and may raise.

    Raises:
        RestoreError: the connection was lost, or the script holds what pg_dump does not write.
    """
    with connect_to(url, isolation_level="AUTOCOMMIT") as connection, connection.connection.driver_connection.cursor() as cursor:  # type: ignore[union-attr]
        try:
            cursor.execute(b"BEGIN")
            script = Statements(lines)
            for statement in script:
                word = FIRST_WORD.search(statement)
                if word and word[1].upper() in CONTROL:
                    if statement.strip() not in AROUND_LARGE_OBJECTS:
                        raise RestoreError(f"it holds {word[1].decode()}, and a script of pg_dump runs in one transaction")
                elif COPY.search(statement):
                    _copy(cursor, statement, script.lines)
                elif search_path is not None and statement.strip() == SET_PATH_AS_DUMPED:
                    cursor.execute(f"{SET_PATH.format(literal(search_path))}\n{before}".encode())
                else:
                    cursor.execute(SET_TIMEOUT_IF_KNOWN if statement.strip() == SET_TIMEOUT else statement)
            if ended:
                ended()
            cursor.execute(b"COMMIT")
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise RestoreError(f"the connection was lost or a statement could not be sent: {type(error).__name__}") from None
            return Refusal(error.sqlstate, reason(f"ERROR:  {error.diag.message_primary}"))
    return None


def _copy(cursor: psycopg.Cursor, statement: bytes, lines: Iterator[bytes]) -> None:
    with cursor.copy(statement) as copy:
        rows: list[bytes] = []
        size = 0
        for line in lines:
            if line.rstrip(b"\r\n") == END_OF_ROWS:
                break
            rows.append(line)
            size += len(line)
            if size >= BLOCK:
                copy.write(b"".join(rows))
                rows, size = [], 0
        copy.write(b"".join(rows))


def opened(path: Path) -> IO[bytes]:
    """Open a script for reading, unpacked if it is gzipped."""
    with path.open("rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]  # a GzipFile reads bytes
