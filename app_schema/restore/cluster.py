"""``restore cluster``: a cluster as it was at a moment, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path  # noqa: TC003 (of a dataclass)
from typing import TYPE_CHECKING

from app_schema.backup.steps import UNWATCHED
from app_schema.embedded import launch, lock, private, sockets
from app_schema.embedded.account import Account
from app_schema.embedded.postmaster import Postmaster
from app_schema.errors import BackupDamaged, BackupUnknown, DiskTooSmall, RestoreError
from app_schema.physical import restorable
from app_schema.physical.layout import DATA
from app_schema.restore import configuration
from app_schema.restore.files import bring
from app_schema.restore.plan import plan
from app_schema.restore.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from app_schema.backup.folder import Folder
    from app_schema.backup.steps import Steps
    from app_schema.restore.plan import Plan
    from app_schema.restore.target import Target
    from app_schema.settings import Settings

RTO = timedelta(hours=1)  # of WAL, by the policy's table


@dataclass(frozen=True)
class Recovered:
    """What came back.

    Attributes:
        url: of the server if it was left running.
        seconds: until it could be used.
        checked: seconds of the checks thereafter.
        differences: what amcheck and the checksums found.
    """

    home: Path
    plan: Plan
    url: URL | None
    seconds: float
    checked: float
    differences: tuple[str, ...]
    notes: tuple[str, ...]


def restore(  # noqa: PLR0913 (an argument each question)
    settings: Settings,
    folder: Folder,
    target: Target,
    home: Path,
    *,
    start: bool = False,
    check: bool = True,
    steps: Steps = UNWATCHED,
) -> Recovered:
    """Restore a cluster into ``home``, which is then the home of an embedded server.

    All the WAL on the way and every member of the chain are proved, the base while it is copied. If one is not what was
    written nothing of it stays: the catalogue notes it, and the next one before it is taken, unless the target is that very backup.

    Args:
        settings: where the WAL is.
        folder: the backups.
        target: which moment.
        home: a folder that is missing or empty.
        start: leave the server running.
        check: run amcheck and compare all checksums.
        steps: is told of each step as it begins.

    Raises:
        BackupDamaged: WAL on the way or the target's own backup is not what was written; nothing was restored.
        BackupUnknown: no backup that reaches the target is good.
        WalEnds: the WAL does not reach the target; nothing was restored.
        ProgramMissing: a program that it needs is not on this machine; nothing was restored.
        DiskTooSmall: the folder's disk cannot hold it; nothing was restored.
        RestoreError: the folder cannot be used, or the server did not get there; the folder is as it was, and its log is kept.
    """
    try:
        home = home.expanduser().absolute()
        home.exists()
    except (OSError, RuntimeError):  # too long, or ~ and a user that this machine does not have
        raise RestoreError("the folder to restore into is no path here; name another one with --to") from None
    begun = time.monotonic()
    with _place(home) as account, ExitStack() as used:
        damage: BackupDamaged | None = None
        while True:
            steps.begin("reading the WAL on the way")
            try:
                way = plan(settings, folder, target)
            except BackupUnknown as none:
                raise (BackupDamaged(f"{damage}; {none}") if damage else none) from None
            used.enter_context(_kept(folder, way))
            _check_room(home, way)
            binaries = restorable.check(way.backup).runnable(account, home / "binaries")
            damage = bring(folder, way, home, account, steps)
            if damage is None:
                break
        server = Server(home, folder, binaries, account)
        steps.begin(f"replaying at most {len(way.wal.files) * way.wal.archive.segment_bytes / 1e6:,.0f} MB of WAL")
        known = server.recover(way)
        usable = time.monotonic()
        if check:
            steps.begin("checking every index and every page")
        differences, notes = server.check(way) if check else ((), ())
        url = server.url(way) if start else None
        if not start:
            server.stop()
    notes += known + configuration.notes(way.backup, home)
    notes += tuple(f"{each.damaged or f'{each.id} adds to a backup that is damaged or missing'}: it was not used" for each in way.skipped)
    return Recovered(home, way, url, usable - begun, time.monotonic() - usable, differences, notes)


@contextmanager
def _kept(folder: Folder, way: Plan) -> Iterator[None]:
    """Keep the chain and the WAL from being pruned in the meantime."""
    with ExitStack() as used:
        try:
            for member in way.members:
                used.enter_context(folder.using(member.parts[0].file))
            if way.wal.archive.path.is_dir():
                used.enter_context(folder.using(str(way.wal.archive.path)))
        except FileNotFoundError as error:
            raise BackupUnknown(f"{error.filename} was pruned just now; try again") from None
        yield


@contextmanager
def _place(home: Path) -> Iterator[Account]:
    """Make the folder; it is as it was if the block fails."""
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise RestoreError(f"{home} is not empty; name a new folder with --to, or remove what is in it")
    if len(os.fsencode(home / "run" / ".s.PGSQL.65535")) > sockets.LONGEST or any(letter in str(home) for letter in sockets.UNTELLABLE):
        raise RestoreError(f"{home} is too long for the path of a socket, or holds a blank or a comma; name another folder with --to")
    account = Account.choose(home / DATA)
    made = [part for part in (home, *home.parents) if not part.exists()]
    try:
        private.make_way(home, account.folder_mode)
        private.check_ours(home)
        _check_way(home, account)
        with lock.hold(home / "lock", ()):
            yield account
    except BaseException:
        _empty(home, made)
        raise


def _check_way(home: Path, account: Account) -> None:
    if closed := account.closed_folder(home):
        raise RestoreError(f"the account that runs the server cannot enter {closed}; chmod o+x it, or name another folder with --to")


def _empty(home: Path, made: list[Path]) -> None:
    postmaster = Postmaster.read(home / DATA)
    if postmaster and postmaster.listening:
        launch.end(postmaster)
    for path in home.iterdir() if home.is_dir() else ():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for folder in made:
        folder.rmdir()


def _check_room(home: Path, way: Plan) -> None:
    needed = max(member.size for member in way.members) + len(way.wal.files) * way.wal.archive.segment_bytes
    free = shutil.disk_usage(home).free
    if needed > free:
        raise DiskTooSmall(f"{home} has {free / 1e6:,.0f} MB free and about {needed / 1e6:,.0f} MB are needed; name one on another disk")
