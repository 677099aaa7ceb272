"""One at a time on a home, and proof that the home is ours."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app_schema.errors import EmbeddedServerError

MARK = b"The embedded PostgreSQL server of app_schema lives here.\n"


@contextmanager
def hold(path: Path, names: tuple[str, ...]) -> Iterator[int]:
    """Wait for the lock on ``path``, made if missing, and yield its handle.

    Raises:
        EmbeddedServerError: the file is not ours, or it is missing although one of ``names`` is there already.
    """
    handle = _wait(path)
    try:
        mark = os.read(handle, len(MARK))
        if not mark and not any((path.parent / name).exists() for name in names):
            mark = MARK
            os.write(handle, mark)
        if mark != MARK:
            if not mark:
                path.unlink()
            raise EmbeddedServerError(
                f"{path.parent} holds files that are not of the embedded server; nothing was touched: set APP_SCHEMA_HOME to a new folder"
            )
        yield handle
    finally:
        os.close(handle)


def _wait(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            current = path.exists() and os.path.samestat(path.stat(), os.fstat(handle))
        except BaseException:
            os.close(handle)
            raise
        if current:
            return handle
        os.close(handle)  # another process deleted this home while we waited
