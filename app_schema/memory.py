"""What is remembered of a database between two runs: sizes, alerts, confirmations, rebuilt indexes.

A SQLite file of its own a database, beneath ``APP_SCHEMA_HOME``: it works for a role that may only read, on a
standby and while the database is down, and it is no part of a dump (docs/adr/0011).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sqlite3
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from app_schema.embedded import private
from app_schema.errors import MemoryUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any, Self

    from app_schema.settings import Settings

ROOT = 0
BUSY_SECONDS = 5  # another run writes for milliseconds
WHERE = ("host", "port")  # libpq takes them as options, too
ODD = re.compile(r"[^A-Za-z0-9_-]+")


class Memory:
    """One database's file, 0600; opened when first used and shared by runs at the same time.

    Attributes:
        path: the file.
    """

    def __init__(self, home: Path, *identity: str) -> None:
        """Name the file; ``identity`` is where the server is, the database and the schema."""
        digest = sha256("\0".join(identity).encode()).hexdigest()[:12]
        self.path = home.expanduser().absolute() / "memory" / f"{ODD.sub('_', identity[1])[:40]}-{digest}.sqlite3"
        self._file: sqlite3.Connection | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the memory of the database that the settings name, which need not answer."""
        url = settings.server_url
        sockets = url.query.get("host") if url is not None else None
        # however it is addressed, by the URL that `app-schema url` prints for one
        if url is None or (isinstance(sockets, str) and Path(sockets).is_relative_to(settings.home.expanduser().absolute())):
            return cls(settings.home, "the embedded server", url.database or "" if url is not None else "app_schema", settings.schema_name)
        place = [str(url.host), str(url.port), *(f"{name}={url.query[name]}" for name in WHERE if name in url.query)]
        return cls(settings.home, " ".join(place), str(url.database), settings.schema_name)

    def read(self, sql: str, *values: Any) -> list[Any]:
        """Return the rows of a query; errors as for :meth:`write`."""
        with self._told():
            return self._open().execute(sql, values).fetchall()

    def others(self) -> list[Path]:
        """Return the files of other databases and addresses beneath the same home."""
        return sorted(path for path in self.path.parent.glob("*.sqlite3") if path != self.path)

    @contextmanager
    def beside(self, other: Path) -> Iterator[sqlite3.Connection]:
        """Yield the file with another one attached as ``other``; errors as for :meth:`write`, naming that one."""
        with self._told(other):
            file = self._open()
            file.execute("ATTACH DATABASE ? AS other", [f"{other.as_uri()}?mode=rw"])
            try:
                yield file
            finally:
                file.execute("DETACH DATABASE other")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Yield the file in a transaction of its own: all of it is kept, or nothing.

        Raises:
            MemoryUnavailable: the disk is full, the folder is closed, the file is none of ours.
        """
        with self._told():
            file = self._open()
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other run tells its alerts, or two would tell the same; where no file can be locked, do not wait."""
        try:
            self._open()
            handle = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except (OSError, sqlite3.Error):
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> sqlite3.Connection:
        if self._file is None:
            folder = self.path.parent
            private.make_way(folder.parent, 0o711 if os.geteuid() == ROOT else 0o700)  # the embedded server's account passes
            folder.mkdir(mode=0o700, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            file = sqlite3.connect(self.path.as_uri(), timeout=BUSY_SECONDS, isolation_level=None, uri=True)
            try:
                file.executescript(TABLES)
            except BaseException:
                file.close()
                raise
            self._file = file
        return self._file

    @contextmanager
    def _told(self, path: Path | None = None) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise MemoryUnavailable(f"{path or self.path} cannot be used ({reason})", _cure(error)) from error


def _cure(error: sqlite3.Error | OSError) -> str:
    if isinstance(error, OSError):
        return CURES_OF_FILES.get(error.errno or 0, ELSEWHERE)
    return CURES_OF_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & PRIMARY, ELSEWHERE)


PRIMARY = 0xFF  # of an extended code of SQLite, what kind of error it is
ELSEWHERE = "set APP_SCHEMA_HOME to a folder that can be written"
SPACE = "free space there, or set APP_SCHEMA_HOME to a folder on another disk"
READ_ONLY = "set APP_SCHEMA_HOME to a folder on a disk that can be written, or mount this one so"
CLOSED = "let this user write there, or set APP_SCHEMA_HOME to a folder of its own"
BROKEN = "move it away, and a new one is made"
CURES_OF_FILES = {
    errno.ENOSPC: SPACE,
    errno.EDQUOT: SPACE,
    errno.EFBIG: SPACE,
    errno.EROFS: READ_ONLY,
    errno.EACCES: CLOSED,
    errno.EPERM: CLOSED,
}
CURES_OF_SQLITE = {
    sqlite3.SQLITE_FULL: SPACE,
    sqlite3.SQLITE_IOERR: SPACE,  # as a write fails at a limit of the file's size
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: CLOSED,
    sqlite3.SQLITE_PERM: CLOSED,
    sqlite3.SQLITE_NOTADB: BROKEN,
    sqlite3.SQLITE_CORRUPT: BROKEN,
    sqlite3.SQLITE_BUSY: "another run holds it; try again",
}

TABLES = """
CREATE TABLE IF NOT EXISTS look (number INTEGER PRIMARY KEY AUTOINCREMENT, taken REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sample (
    metric TEXT NOT NULL, labels TEXT NOT NULL, look INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (metric, labels, look)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sample_look ON sample (look);
CREATE TABLE IF NOT EXISTS alert (
    channel TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, severity TEXT NOT NULL, since REAL NOT NULL,
    PRIMARY KEY (channel, rule, subject)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cluster (
    system TEXT NOT NULL, timeline INTEGER NOT NULL, database TEXT NOT NULL, schema TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS failed_job (job TEXT PRIMARY KEY, taken REAL NOT NULL, command TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (channel TEXT PRIMARY KEY, name TEXT NOT NULL, since REAL NOT NULL, why TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS behind (step TEXT PRIMARY KEY, runs INTEGER NOT NULL, said TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS confirmation (item TEXT PRIMARY KEY, taken REAL NOT NULL, by TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rebuilt (name TEXT PRIMARY KEY, taken REAL NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
"""
