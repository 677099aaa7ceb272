"""``restore drill --cluster``: a cluster restored into a throwaway place, checked page by page, and the result in the catalogue."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.event import Drill
from app_schema.backup.steps import UNWATCHED
from app_schema.embedded import EmbeddedServer
from app_schema.errors import BackupDamaged, RestoreError, WalEnds
from app_schema.restore.cluster import restore
from app_schema.restore.drill import Drilled
from app_schema.restore.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.backup.folder import Folder
    from app_schema.backup.steps import Steps
    from app_schema.settings import Settings

PREFIX = "app_schema-drill-"
CLUSTER = "cluster"


def drill(settings: Settings, folder: Folder, name: str, *, quick: bool = False, steps: Steps = UNWATCHED) -> tuple[str, Drilled]:
    """Try a restore of a cluster; nothing stays of it but its result in the catalogue.

    The rows at the end of the WAL are no longer those of any backup, so that there is nothing to compare them with:
    what is proved is that the chain and its WAL are as written, that recovery reaches the point it should, and every page.

    Args:
        settings: where the WAL is.
        folder: the backups.
        name: of a backup, which is restored to its own end; or ``latest``, to the end of the WAL.
        quick: without amcheck and checksums.
        steps: is told of each step as it begins.

    Raises:
        BackupUnknown: there is no such backup.
        DiskTooSmall: there is no room to try it; nothing was noted.
        ProgramMissing: the server's own version is not here; nothing was noted.
    """
    catalogue = Catalogue(folder)
    entry = chain.newest(catalogue.proved(catalogue.read()[0])) if name == "latest" else catalogue.find(name, kinds=chain.KINDS)
    target = Target() if name == "latest" else Target(backup=entry.id)
    begun, at = time.monotonic(), datetime.now(UTC)
    notes: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    error = None
    try:
        with throwaway() as place:
            done = restore(settings, folder, target, place, check=not quick, steps=steps)
            entry, notes = done.plan.backup, done.notes
            found = tuple(each.damaged or "" for each in done.plan.skipped if each.verified and each.verified[-1].at >= at)
            differences = (*done.differences, *found)  # what was known before is no news
    except (BackupDamaged, WalEnds, RestoreError) as failed:  # what could not begin proves nothing of the backup
        error = str(failed)
    result = Drill(at=at, quick=quick, seconds=time.monotonic() - begun, differences=differences, error=error)
    catalogue.amend(entry.id, lambda now: now.model_copy(update={"drills": (*now.drills, result)}))
    return entry.id, Drilled(result, notes)


@contextmanager
def throwaway() -> Iterator[Path]:
    """Yield a place beneath TMPDIR that is gone afterwards, whatever happens; one that a killed drill has left goes first."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if left.lstat().st_uid == os.geteuid() and not left.is_symlink() and not _is_held(left / CLUSTER / "lock"):
            _discard(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        folder.chmod(0o711)  # the server's account passes through
        yield folder / CLUSTER
    finally:
        _discard(folder)


def _discard(folder: Path) -> None:
    if (folder / CLUSTER / "lock").exists():
        EmbeddedServer(folder / CLUSTER).stop()
    shutil.rmtree(folder)


def _is_held(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return time.time() - lock.parent.parent.stat().st_mtime < 60  # noqa: PLR2004 (seconds: it may just be beginning)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)
