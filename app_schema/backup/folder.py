"""The backup folder: ours alone, one run of a task at a time, and nothing half-written that outlives its writer."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path  # noqa: TC003 (of a dataclass)
from typing import TYPE_CHECKING, BinaryIO, Self

from app_schema import moments, patience
from app_schema.backup.seal import Seal
from app_schema.embedded import private
from app_schema.errors import BackupBusy, BackupError, BackupFolderUnsuitable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app_schema.settings import Settings

UNFINISHED = ".unfinished-"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
PRUNE_OR_FETCH = "prune or fetch"  # the one could remove what the other brings back


@dataclass
class Draft:
    """A file of mode 0600 under a temporary name, locked as long as its writer lives; ``name`` is what it is to be called."""

    name: str
    path: Path
    file: BinaryIO
    kept: Path | None = field(default=None, init=False)

    def keep(self, name: str | None = None) -> None:
        """Give it its name, or another one; what was written survives a power cut."""
        self.file.flush()
        os.fsync(self.file.fileno())
        target = self.path.with_name(name or self.name)
        self.path.rename(target)
        self.kept = target


@dataclass(frozen=True)
class Folder:
    """A folder of mode 0700 that this user owns.

    Attributes:
        path: absolute.
        key_file: of the key that backups are sealed with; None: none is asked for a proof of where it comes from.
    """

    path: Path
    key_file: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Open the settings' folder; only the default one is made when it is missing, since a named one may be a disk that is not mounted.

        Raises:
            BackupFolderUnsuitable: it is missing, another user's, or open to others; one line names the cure.
        """
        path = settings.backup_dir
        if path is None:
            path = settings.home / "backups"
            _make(path.expanduser().absolute())
        return cls.at(path, settings.backup_seal_key_file)

    @classmethod
    def at(cls, path: Path, key_file: Path | None = None) -> Self:
        """Open this folder; errors as for :meth:`of`."""
        path = path.expanduser().absolute()
        try:
            facts = path.stat()
        except FileNotFoundError:
            raise BackupFolderUnsuitable(
                f"the backup folder {path} does not exist; mount its disk, or make it with: mkdir -m 700 {path}"
            ) from None
        except OSError as error:
            raise BackupFolderUnsuitable(f"the backup folder {path} cannot be opened: {error.strerror}") from None
        if not stat.S_ISDIR(facts.st_mode):
            raise BackupFolderUnsuitable(f"{path} is not a folder; set APP_SCHEMA_BACKUP_DIR to one")
        if facts.st_uid != os.geteuid():
            raise BackupFolderUnsuitable(
                f"the backup folder {path} belongs to another user; run as that user, or set APP_SCHEMA_BACKUP_DIR"
            )
        mode = stat.S_IMODE(facts.st_mode)
        if mode & 0o077:
            raise BackupFolderUnsuitable(f"the backup folder {path} is open to others (mode {mode:04o}); close it with: chmod 700 {path}")
        return cls(path, key_file)

    @cached_property
    def seal(self) -> Seal | None:
        """What seals new backups and checks others, read when it is first needed.

        Raises:
            EncryptionError: the key cannot be read.
        """
        return Seal.read(self.key_file) if self.key_file else None

    def trusting(self) -> Self:
        """Return the folder as one of a machine without that key, on which every backup counts as good as its hashes."""
        return replace(self, key_file=None)

    @contextmanager
    def alone(self, task: str, *, wait: float | None = None) -> Iterator[None]:
        """Be the only one who does a task in this folder, such as ``dump``; wait for another one.

        Different tasks run side by side: each writes files of its own, and what is read is held by :meth:`using`.

        Args:
            task: its name.
            wait: the seconds to wait at most; None: :data:`.patience.SECONDS`.

        Raises:
            BackupBusy: the other one has not ended by then.
            BackupFolderUnsuitable: nothing can be written there.
        """
        wait = patience.SECONDS if wait is None else wait
        path = self.path / f".{task.replace(' ', '-')}.lock"

        def holder() -> str:
            return f"another {task} in {self.path} ({_holder(path)})"

        for _ in patience.attempts(wait, holder):
            if (handle := self._taken(path)) is not None:
                break
        else:
            since = f"did not end in {patience.span(wait)}" if wait else "is running"
            raise BackupBusy(f"{holder()} {since}; wait for it, or end it, and try again")
        try:
            os.pwrite(handle, f"process {os.getpid()}, since {moments.minute(datetime.now(UTC))}".encode(), 0)
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(handle)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the short lock under which entries are rewritten."""
        handle = self._open(".catalogue.lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def draft(self, name: str) -> Iterator[Draft]:
        """Open a new file that is removed after the block unless it was kept.

        Raises:
            BackupError: it cannot be written, the disk being full for one.
        """
        path = self.path / f"{UNFINISHED}{name}"
        with self.writing(path):
            handle = _locked(path)
            try:
                with open(handle, "w+b", buffering=0) as file:  # noqa: PTH123 (Path cannot open a handle)
                    yield Draft(name, path, file)
            finally:
                path.unlink(missing_ok=True)

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """Turn what the disk refuses into one line."""
        try:
            yield
        except OSError as error:
            free = shutil.disk_usage(self.path).free / 1e6
            raise BackupError(
                f"cannot write {path}: {error.strerror} ({free:,.0f} MB free); make room, or set APP_SCHEMA_BACKUP_DIR;"
                " the catalogue is as it was"
            ) from None

    def abandoned(self) -> Iterator[Path]:
        """Yield the drafts whose writers are dead."""
        for path in sorted(self.path.glob(f"{UNFINISHED}*")):
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except FileNotFoundError:  # its writer has kept it or given it up in the meantime
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if is_at(handle, path):
                    yield path
            except BlockingIOError:
                continue
            finally:
                os.close(handle)

    def sync(self) -> None:
        """Make the names in this folder survive a power cut."""
        handle = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextmanager
    def using(self, name: str) -> Iterator[None]:
        """Keep a backup's file or folder from being pruned in the meantime; wait if that is being done.

        Raises:
            FileNotFoundError: it is gone.
        """
        handle = os.open(self.path / name, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def claimed(self, names: Iterable[str]) -> Iterator[bool]:
        """Keep files or folders for oneself; yield whether that is so, which it is not while somebody is :meth:`using` one."""
        with ExitStack() as stack:
            free = True
            for name in names:
                with suppress(FileNotFoundError):
                    handle = os.open(self.path / name, os.O_RDONLY)
                    stack.callback(os.close, handle)
                    try:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        free = False
            yield free

    def _taken(self, path: Path) -> int | None:
        """Return the lock of a file that is removed with it, None if another one has it."""
        handle = self._open(path.name)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        if is_at(handle, path):
            return handle
        os.close(handle)  # whoever had it has just removed it
        return None

    def _open(self, name: str) -> int:
        path = self.path / name
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
        except OSError as error:
            raise BackupFolderUnsuitable(
                f"the backup folder {self.path} cannot be written: {error.strerror}; mount it for writing, or set APP_SCHEMA_BACKUP_DIR"
            ) from None


def is_at(handle: int, path: Path) -> bool:
    """Whether an open file or folder still has that name."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _holder(lock: Path) -> str:
    try:
        return lock.read_text(encoding="utf-8") or "unknown"
    except OSError:  # it has just ended
        return "unknown"


def _locked(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
        os.fchmod(handle, FILE_MODE)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if is_at(handle, path):
            return handle
        os.close(handle)  # a sweep came between the two


def _make(path: Path) -> None:
    if path.exists():
        return
    try:
        # as root the home is passed through by the account of the embedded server
        private.make_way(path.parent, 0o711 if os.geteuid() == 0 else FOLDER_MODE)
        path.mkdir(mode=FOLDER_MODE)
        path.chmod(FOLDER_MODE)
    except OSError as error:
        raise BackupFolderUnsuitable(f"the backup folder {path} cannot be made: {error.strerror}; set APP_SCHEMA_BACKUP_DIR") from None
