"""The key of a template: whatever would make its content another."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app_schema.assets import PACKAGE, directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEOUL = ZoneInfo("Asia/Seoul")
MIGRATING = ("migrate.py", "objects.py")
FORMAT = b"1"  # of what is built around the migrations


def key(version: int, user: str, schema: str, *, seeded: bool) -> str:
    """Return 16 hex digits over the migrations, the server's version, the user and the month, seeds and the day for a seeded one.

    The user, since he owns the tables; the month, since migrating makes the partitions of the months ahead; the day, since seeds end "now".

    Args:
        version: ``server_version_num``.
        user: ``session_user``.
        schema: the PostgreSQL schema that is migrated.
        seeded: whether the rows of the seeds are in it.
    """
    today = datetime.now(SEOUL).date()
    digest = sha256(b"\0".join([FORMAT, str(version).encode(), user.encode(), schema.encode(), f"{today:%Y-%m}".encode()]))
    for path in _files(directory("migrations"), *(PACKAGE / name for name in MIGRATING)):
        _add(digest, path)
    if seeded:
        digest.update(today.isoformat().encode())
        for path in _files(directory("seeds"), *sorted((PACKAGE / "seeding").glob("*.py"))):
            _add(digest, path)
    return digest.hexdigest()[:16]


def _files(folder: Path, *more: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".sql", ".csv"})
    yield from more


def _add(digest: object, path: Path) -> None:
    content = path.read_bytes()
    digest.update(f"{path.name}\0{len(content)}\0".encode() + content)  # type: ignore[attr-defined]
