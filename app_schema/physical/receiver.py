"""``backup wal``: pg_receivewal in the foreground, started again whenever it ends, and told when its slot is lost."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app_schema.backup.programs import Programs, environment, reason
from app_schema.backup.taking import encrypted, major
from app_schema.engine import connect_to, database_url
from app_schema.errors import BackupBusy, BackupError, BackupFolderUnsuitable, ServerUnreachable
from app_schema.physical import archive, needs, slot
from app_schema.physical.base import IDENTITY, check_programs
from app_schema.physical.segments import SEGMENT, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from app_schema.backup.folder import Folder
    from app_schema.settings import Settings

PATIENCE = (0.5, 5.0)  # seconds between two attempts, the first and the longest
SECONDS_BETWEEN_COPIES = 10
CUT = ".cut"
REMOVED = "has already been removed"
NEW_BASE = "what was taken before cannot be recovered beyond it: take a new base now, with app-schema backup base"


@dataclass
class Receiver:
    """Receives the WAL of the settings' server into ``folder`` until it is stopped.

    Attributes:
        place: the archive of that cluster.
        segment_bytes: the size of its segments.
        say: is told, a line each, of what a person should know.
        copy: sends elsewhere what has been received, every few seconds.
    """

    url: URL
    place: Path
    segment_bytes: int
    programs: Programs
    say: Callable[[str], None]
    copy: Callable[[], object] | None = None
    _said: str = field(default="", init=False)
    _connected: bool = field(default=False, init=False)

    def run(self) -> None:
        """Receive; returns only by an exception, KeyboardInterrupt for one."""
        with _alone(self.place) as handle:
            patience = PATIENCE[0]
            while True:
                self._clear()
                trouble = self._prepare() or self._receive(handle)
                if REMOVED in trouble:
                    self._begin_anew(trouble)
                    time.sleep(patience)
                    continue
                if self._connected:
                    patience = PATIENCE[0]
                if trouble != self._said:
                    self.say(f"not receiving: {trouble}; trying again")
                self._connected, self._said = False, trouble
                time.sleep(patience)
                patience = min(2 * patience, PATIENCE[1])

    def _clear(self) -> None:
        """Put away a segment that was cut short, which pg_receivewal would refuse for good.

        It fills each with zeros before it receives anything, and then it is killed, or the disk is full.
        """
        for path in self.place.glob(f"*{archive.PARTIAL}"):
            with archive.opened(path) as file:
                if os.fstat(file.fileno()).st_size in (0, self.segment_bytes):
                    continue
                blank = written(file) == 0
            if blank:
                path.unlink()
            else:
                path.rename(f"{path}{CUT}")
                self.say(f"{path} is not as long as a segment; it is {path.name}{CUT} now, and its WAL is asked for again")

    def _prepare(self) -> str:
        """See to the slot; return what is in the way."""
        try:
            with connect_to(self.url) as connection:
                state = slot.look(connection)
                if state.status == "lost":
                    slot.renew(connection)
                    self._begin_anew("the server has dropped what it kept for us (max_slot_wal_keep_size)")
                elif state.status == "missing":
                    slot.create(connection)
        except ServerUnreachable as error:
            return str(error)
        return ""

    def _begin_anew(self, why: str) -> None:
        """Set aside what was received, since pg_receivewal would ask for what follows it."""
        names = [path.name for path in self.place.iterdir() if SEGMENT.fullmatch(path.name)]
        aside = self.place / f"before-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        aside.mkdir(mode=0o700)
        for name in sorted(names):
            (self.place / name).rename(aside / name)
        self.say(f"WAL is lost after {max(names, default='the beginning')}: {why}; {NEW_BASE}")

    def _receive(self, handle: int) -> str:
        """Run pg_receivewal until it ends; return why."""
        arguments = [f"--directory={self.place}", f"--slot={slot.SLOT}", "--synchronous", "--no-loop"]
        process = None
        with tempfile.TemporaryFile() as said:
            try:
                with _signals_held():  # or it would go on without us
                    process = subprocess.Popen(  # noqa: S603 (no shell)
                        self.programs.command("pg_receivewal", *arguments),
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=said,
                        env=environment(self.url) | {"PGAPPNAME": slot.RECEIVER},
                        pass_fds=(handle,),  # should we be killed, it holds the lock as long as it receives
                    )
                os.pwrite(handle, f"{process.pid:<20}".encode(), 0)
                self._tell(process)
                while process.poll() is None:
                    self._copy()
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(SECONDS_BETWEEN_COPIES)
            except BaseException:
                if process:
                    process.send_signal(signal.SIGINT)  # it writes out what it has
                    process.wait()
                raise
            said.seek(0)
            answer = said.read().decode(errors="replace")
        how = f"it was killed by signal {-process.returncode}" if process.returncode < 0 else "the connection ended"
        return f"pg_receivewal: {reason(answer) if answer.strip() else how}"

    def _copy(self) -> None:
        try:
            if self.copy:
                self.copy()
        except BackupError as error:  # what was not copied now is copied the next time
            if str(error) != self._said:
                self.say(f"not copied elsewhere: {error}")
            self._said = str(error)

    def _tell(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(PATIENCE[0])
        except subprocess.TimeoutExpired:
            self.say(f"receiving into {self.place} (process {process.pid})")
            self._connected, self._said = True, ""


def receiver(settings: Settings, folder: Folder, say: Callable[[str], None], copy: Callable[[], object] | None = None) -> Receiver:
    """Prepare to receive the WAL of the settings' server.

    Raises:
        ServerUnsuitable: the server lacks a right or a setting; the line names each with its cure.
        ServerUnreachable: it is not there.
        ProgramMissing: PostgreSQL's programs of its version are not here.
        BackupFolderUnsuitable: the archive cannot be written.
    """
    url = database_url(settings)
    with connect_to(url) as connection:
        needs.check_source(connection, "its WAL would be mixed with that of its source in the archive")
        needs.check_wal(connection)
        version = major(connection)
        programs = Programs.find(version, tls=encrypted(connection))
        check_programs(programs, version)
        identity = connection.execute(IDENTITY).one()
    place = archive.place_of(settings, folder) / identity.system
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BackupFolderUnsuitable(f"the archive {place} cannot be made: {error.strerror}; set APP_SCHEMA_BACKUP_WAL_DIR") from None
    return Receiver(url, place, identity.segment_bytes, programs, say, copy)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let no signal end a block in its middle; what came is raised at its end."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for each in came:
        signal.raise_signal(each)


@contextmanager
def _alone(place: Path) -> Iterator[int]:
    """Be the only receiver of this archive; the lock is pg_receivewal's as well."""
    handle = os.open(place / archive.LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(handle, 20, 0).decode().strip() or "unknown"
            cure = f"if nobody watches it, end it with: kill -INT {pid}"
            raise BackupBusy(f"another receiver is writing to {place} (process {pid}); one is enough; {cure}") from None
        yield handle
    finally:
        os.close(handle)
