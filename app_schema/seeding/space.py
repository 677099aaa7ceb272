"""Whether the disk of the server holds an order, as far as that can be known from here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.errors import DiskTooSmall
from app_schema.seeding.permission import hosts, is_local

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app_schema.seeding.order import Order

# 677 measured at scale 1, 614 at scale 3, tables and indexes; a quarter more for write-ahead log and temporary files
BYTES_PER_ROW = 850
MOST = 32 * 2**40  # no table of PostgreSQL grows beyond 32 TB, however large the disk
HUGE = 1e15  # printed as 1.0e+06 GB from here
DIRECTORY = text("SELECT setting FROM pg_settings WHERE name = 'data_directory'")  # no row for those who may not know


def check_space(connection: Connection, order: Order) -> None:
    """Compare what an order needs with what is free.

    Raises:
        DiskTooSmall: it needs more; the message says how much.
    """
    needed = order.rows * BYTES_PER_ROW
    free = free_bytes(connection)
    if needed > (MOST if free is None else free):
        there = "PostgreSQL stores in a table" if free is None else f"the {_gigabytes(free)} free on the server's disk"
        raise DiskTooSmall(f"scale {order.scale:g} would need about {_gigabytes(needed)}, more than {there}; choose a smaller --scale")


def free_bytes(connection: Connection) -> int | None:
    """Return what is free where the server keeps its data; None when it is elsewhere or will not say."""
    directory = connection.scalar(DIRECTORY)
    if directory is None or not all(map(is_local, hosts(connection.engine.url))):
        return None
    folder = Path(directory)
    # a local port may be forwarded, and a container has a disk of its own: then the folder is not here
    while not _visible(folder):
        if folder == folder.parent or not _closed(folder):
            return None
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _visible(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except PermissionError:
        return False


def _closed(folder: Path) -> bool:
    try:
        folder.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size < HUGE else f"{size / 1e9:.1e} GB"
