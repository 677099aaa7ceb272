"""The account that the server runs as: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app_schema.errors import EmbeddedServerError

ROOT = 0
UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An account of the operating system; ``switched`` when it is not the one we run as."""

    uid: int
    gid: int
    switched: bool

    @classmethod
    def choose(cls, data: Path) -> Self:
        """Return the account for a server on ``data``: ourselves, or when we are root an unprivileged one.

        Raises:
            EmbeddedServerError: we are root and this machine has no account to run a server as.
        """
        if os.geteuid() != ROOT:
            return cls(os.geteuid(), os.getegid(), switched=False)
        owner = data.stat() if data.exists() else None  # a later-made account `postgres` must not lock us out
        if owner and owner.st_uid != ROOT:
            return cls(owner.st_uid, owner.st_gid, switched=True)
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        for name in UNPRIVILEGED:
            if name in known:
                return cls(known[name].pw_uid, known[name].pw_gid, switched=True)
        raise EmbeddedServerError("A server must not run as root; make an account for it: useradd --system postgres")

    @property
    def folder_mode(self) -> int:
        """Mode of a folder that only we write to, and that the account passes through."""
        return 0o711 if self.switched else 0o700

    def run(self, command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, in ``/``, with nothing of our environment but what it needs to load."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options["env"] = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ} | options.get("env", {})
        if self.switched:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(  # noqa: S603 - no shell, and the caller checks the program's answer
            command, check=False, capture_output=True, text=True, errors="replace", cwd="/", umask=0o077, **options
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may pass through ``folder``, by access lists and mounts as well as modes."""
        return self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", folder]).returncode == 0

    def closed_folder(self, folder: Path) -> Path | None:
        """Return the topmost folder on the way to ``folder`` that this account cannot enter."""
        if not self.switched or self.can_enter(folder):
            return None
        return next(part for part in (*reversed(folder.parents), folder) if not self.can_enter(part))
