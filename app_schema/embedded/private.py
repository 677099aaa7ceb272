"""Files and folders with one owner and an exact mode, whatever the umask.

The server's account may write in its own folders. As root we therefore never follow a link
that it could have placed there: files are made new under an unguessable name and renamed.
"""

import os
import stat
import tempfile
from pathlib import Path

from app_schema.embedded.account import ROOT, Account
from app_schema.errors import EmbeddedServerError


def make_folder(path: Path, account: Account) -> None:
    """Make ``path`` a folder of mode 0700 that belongs to ``account``."""
    path.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _own(handle, account, 0o700)
    finally:
        os.close(handle)


def make_way(path: Path, mode: int) -> None:
    """Make the missing folders on the way to ``path`` and itself, leaving those that exist as they are."""
    missing = [part for part in (path, *path.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(exist_ok=True)
        part.chmod(mode)


def check_ours(home: Path) -> None:
    """Refuse, as root, a home in which somebody else could place files and links for us to follow.

    Raises:
        EmbeddedServerError: it is a link, another user's, or open for others to write.
    """
    facts = home.lstat()
    if os.geteuid() == ROOT and (stat.S_ISLNK(facts.st_mode) or facts.st_uid != ROOT or facts.st_mode & 0o022):
        raise EmbeddedServerError(
            f"root does not use {home}, where another user could place files: set APP_SCHEMA_HOME to a folder of root's own,"
            " for example /var/lib/app_schema"
        )


def write(path: Path, text: str, account: Account | None = None) -> None:
    """Replace ``path`` at once by a file of mode 0600, ours or that of ``account``; it survives a power cut."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - Path cannot open a handle
            _own(file.fileno(), account, 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - a name, not a Path
    except BaseException:
        os.unlink(name)  # noqa: PTH108 - likewise
        raise


def append(path: Path, text: str, account: Account) -> int:
    """Append to ``path``, made if missing with mode 0600 for ``account``; return its size in bytes before."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(handle).st_nlink != 1:
            raise EmbeddedServerError(f"{path} is also known by another name; somebody tampered with the folder")
        _own(handle, account, 0o600)
        size = os.fstat(handle).st_size
        os.write(handle, text.encode())
    finally:
        os.close(handle)
    return size


def _own(handle: int, account: Account | None, mode: int) -> None:
    if account and account.switched:
        os.fchown(handle, account.uid, account.gid)
    os.fchmod(handle, mode)
