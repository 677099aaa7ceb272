"""Folders for servers that tests start: in memory if there is room, open to the server's account."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from app_schema.embedded import EmbeddedServer

MEMORY = Path("/dev/shm")  # where syncing costs nothing, if there is room
ROOM = 4 << 30


@contextmanager
def place(prefix="rec-"):
    """A folder that the server's account may enter."""
    quick = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    home = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if quick else "/tmp"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        for lock in list(home.glob("*/lock")):
            EmbeddedServer(lock.parent).stop()
        shutil.rmtree(home)
