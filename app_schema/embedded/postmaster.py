"""The running server as its ``postmaster.pid`` and its socket tell of it."""

import errno
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app_schema.embedded import process

SECONDS_TO_ANSWER = 5


@dataclass(frozen=True)
class Postmaster:
    """The first process of a server: ``postmaster.pid``, line by line.

    Source: src/include/utils/pidfile.h of PostgreSQL.
    """

    file: Path
    pid: int
    port: int
    sockets: Path | None
    status: str

    @classmethod
    def read(cls, data: Path) -> Self | None:
        """Return what the file in ``data`` says, or None while there is none or it is being written."""
        file = data / "postmaster.pid"
        try:
            lines = [line.strip() for line in file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()]
        except FileNotFoundError:
            return None
        if not lines or not lines[0].isdigit():
            return None
        _, _, _, port, sockets, _, _, status = (lines + [""] * 8)[:8]
        return cls(file, int(lines[0]), int(port or 0), Path(sockets) if sockets else None, status)

    @property
    def socket(self) -> Path | None:
        """The socket it listens on."""
        return self.sockets / f".s.PGSQL.{self.port}" if self.sockets else None

    @property
    def listening(self) -> bool:
        """Whether this very server lives: the process id may be another's by now, its private socket cannot."""
        if not self.socket or not process.is_postgres(self.pid):
            return False
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(SECONDS_TO_ANSWER)
            return client.connect_ex(str(self.socket)) in (0, errno.EAGAIN)  # EAGAIN: there is a queue

    @property
    def ready(self) -> bool:
        """Whether it takes connections; it listens earlier than that, while it recovers."""
        return self.status in ("ready", "standby") and self.listening

    def forget(self) -> None:
        """Remove the files that it left when it was killed, if an unrelated process has its id by now.

        PostgreSQL itself sees to a process id that nobody has; one that somebody has it believes.
        """
        if not process.exists(self.pid) or process.is_postgres(self.pid):
            return
        lock = self.socket.with_name(f"{self.socket.name}.lock") if self.socket else None
        if lock:
            lock.unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)
