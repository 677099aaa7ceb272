"""The folder of the server's socket: in its home, unless the path is one that clients cannot be told."""

import os
import shutil
import tempfile
from pathlib import Path

from app_schema.embedded import private
from app_schema.embedded.account import Account

LONGEST = 100  # bytes; the kernel takes 103 on macOS, 107 on Linux
UNTELLABLE = (" ", ",")  # SQLAlchemy writes a blank as +, which libpq takes for a plus; a comma separates hosts
TEMPORARY = Path("/tmp")  # noqa: S108 - short, which TMPDIR is not on macOS; mkdtemp makes the folder private
PREFIX = "app_schema-"


def choose_folder(home: Path, account: Account) -> Path:
    """Return ``run`` in the home, or a new folder in /tmp; ``postmaster.pid`` remembers which."""
    folder = home / "run"
    private.make_folder(folder, account)
    path = str(folder / ".s.PGSQL.65535")
    if len(os.fsencode(path)) > LONGEST or any(letter in path for letter in UNTELLABLE):
        folder = Path(tempfile.mkdtemp(dir=TEMPORARY, prefix=PREFIX))
        private.make_folder(folder, account)
    return folder


def discard_folder(folder: Path | None) -> None:
    """Remove ``folder`` if it is one made in /tmp."""
    if folder and folder.parent == TEMPORARY and folder.name.startswith(PREFIX) and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
