"""``restore cluster``: a cluster as it was at a moment, in a folder of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003 (of a dataclass)
from typing import TYPE_CHECKING

from sqlalchemy import URL

from app_schema.backup import chain
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import running
from app_schema.backup.entry import Verification
from app_schema.backup.steps import UNWATCHED
from app_schema.embedded import launch, lock, private, sockets
from app_schema.embedded.account import Account
from app_schema.embedded.binaries import Binaries
from app_schema.embedded.postmaster import Postmaster
from app_schema.errors import BackupDamaged, BackupError, BackupUnknown, DiskTooSmall, EmbeddedServerError, RestoreError
from app_schema.physical.layout import DATA, LINKS, TABLESPACES, WAL, data_of
from app_schema.physical.proof import prove, proving
from app_schema.restore import isolation, pages
from app_schema.restore.plan import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        DiskTooSmall: the folder's disk cannot hold it; nothing was restored.
        RestoreError: the folder cannot be used, or the server did not get there; the folder is as it was.
    """
    home = home.expanduser().absolute()
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
            damage = _bring(folder, way, home, account, steps)
            if damage is None:
                break
        server = _Server(home, Binaries.find(None, way.programs.major).runnable(account, home / "binaries"), account)
        steps.begin(f"replaying at most {len(way.wal.files) * way.wal.archive.segment_bytes / 1e6:,.0f} MB of WAL")
        server.recover(way)
        usable = time.monotonic()
        if check:
            steps.begin("checking every index and every page")
        differences, notes = server.check(way) if check else ((), ())
        url = server.url(way) if start else None
        if not start:
            server.stop()
    notes += tuple(f"{each.damaged or f'{each.id} adds to a backup that is damaged or missing'}: it was not used" for each in way.skipped)
    return Recovered(home, way, url, usable - begun, time.monotonic() - usable, differences, notes)


def _bring(folder: Folder, way: Plan, home: Path, account: Account, steps: Steps) -> BackupDamaged | None:
    """Prove the chain and copy it; return what is damaged of it, which the catalogue knows then, and another chain may do."""
    base, *increments = way.members
    looked_at = base
    try:
        for number, member in enumerate(increments, 1):
            steps.begin(f"proving incremental {number} of {len(increments)}")
            looked_at = member
            prove(folder, member, way.programs)
        steps.begin(f"copying {max(member.size for member in way.members) / 1e6:,.0f} MB, and proving the base")
        looked_at = base
        with proving(folder, base, way.programs) as proved:
            try:
                _copy(folder, way, home, account)
            except (BackupError, OSError):
                proved()  # which says better what is wrong
                raise
            proved()
    except BackupDamaged as damage:
        seen = Verification(at=datetime.now(UTC), error=str(damage))
        Catalogue(folder).amend(looked_at.id, lambda now: now.model_copy(update={"verified": (*now.verified, seen)}))
        if way.target.backup is not None:
            raise
        for made in (home / DATA, home / TABLESPACES):
            shutil.rmtree(made, ignore_errors=True)
        return damage
    return None


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


def _copy(folder: Folder, way: Plan, home: Path, account: Account) -> None:
    """Put the files in their place: the chain combined, the WAL beside it."""
    data = home / DATA
    sources = [data_of(folder, member) for member in way.members]
    places = sorted((sources[-1].parent / TABLESPACES).glob("*"))
    if len(sources) > 1:
        moved = [f"--tablespace-mapping={place}={home / TABLESPACES / place.name}" for place in places]
        command = way.programs.command("pg_combinebackup", "--no-sync", "--no-manifest", f"--output={data}", *moved, *map(str, sources))
        try:
            _combine([*command, "--copy-file-range"])
        except BackupError:  # a kernel or a file system that cannot
            for made in (data, home / TABLESPACES):
                shutil.rmtree(made, ignore_errors=True)
            _combine(command)
    else:
        shutil.copytree(sources[0], data, symlinks=True)
        for place in places:
            shutil.copytree(place, home / TABLESPACES / place.name)
            link = data / LINKS / place.name
            link.unlink()
            link.symlink_to(home / TABLESPACES / place.name)
    _stage(way, data / WAL)
    (data / "recovery.signal").touch()
    (data / "backup_manifest").unlink(missing_ok=True)  # it speaks of other files from now on
    for path in (data, *data.rglob("*"), *(home / TABLESPACES).rglob("*")):
        if account.switched:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    data.chmod(0o700)


def _combine(command: list[str]) -> None:
    with running(command, URL.create("postgresql")) as (_, ended):
        ended()


def _stage(way: Plan, wal: Path) -> None:
    """Put the WAL up to the target beside the data, so that the restored cluster needs no archive."""
    last = way.wal.archive.number(way.stop) + 1  # the record at the end may go on in the next segment
    size = way.wal.archive.segment_bytes
    for file in way.wal.files:
        target = wal / file.segment.name(size)
        if file.segment.number <= last and file.path.parent != wal:
            _copy_file(file.path, target)
    for timeline in way.wal.archive.histories:
        name = f"{timeline:08X}.history"
        _copy_file(way.wal.archive.files[name], wal / name)


def _copy_file(source: Path, target: Path) -> None:
    # another account may write in the archive, and could have placed a link to what is not its own
    handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    with open(handle, "rb") as stored, target.open("wb") as copy:  # noqa: PTH123 (Path cannot open a handle)
        shutil.copyfileobj(stored, copy, 1 << 20)
    target.chmod(0o600)


@dataclass(frozen=True)
class _Server:
    """The restored cluster as a server."""

    home: Path
    binaries: Binaries
    account: Account

    @property
    def _data(self) -> Path:
        return self.home / DATA

    def recover(self, way: Plan) -> None:
        """Replay the WAL up to the target, and begin a new timeline."""
        private.write(self.home / "password", secrets.token_urlsafe(32))  # of an embedded home; here nobody asks for it
        if not (self._data / "postgresql.conf").exists():  # a distribution keeps it elsewhere
            private.write(self._data / "postgresql.conf", "", self.account)
        self._isolate(isolation.recovery(way))
        self._launch()  # which syncs every file first, as after any crash
        self._isolate()

    def check(self, way: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Run amcheck, then stop, compare every page with its checksum, and start again."""
        bad, notes = pages.amcheck_all(way.programs, self.url(way))
        self.stop()
        bad += pages.checksums(self._data, self.binaries, self.account)
        self._launch()
        return bad, notes

    def url(self, way: Plan) -> URL:
        """Return the address of its first superuser."""
        superuser = chain.place(way.backup).superuser
        return URL.create("postgresql+psycopg", superuser, database="postgres", query={"host": str(self.home / "run")})

    def stop(self) -> None:
        postmaster = Postmaster.read(self._data)
        if postmaster:
            launch.end(postmaster)

    def _isolate(self, more: dict[str, str] | None = None) -> None:
        folder = sockets.choose_folder(self.home, self.account)
        private.write(folder / "pg_hba.conf", isolation.HBA, self.account)
        isolation.write(self._data, folder, self.account, more)

    def _launch(self) -> None:
        try:
            launch.launch(self._data, self.home / "log", self.binaries, self.account, recovering=True)
        except EmbeddedServerError as error:
            raise RestoreError(f"the cluster did not come back: {error}") from None
