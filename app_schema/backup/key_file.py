"""Files with a key: of this user, closed to others."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from app_schema.errors import EncryptionError

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, variable: str) -> str:
    """Return the text of a file that only its owner may read; ``variable`` named it.

    Raises:
        EncryptionError: it is missing, open to others, or no text.
    """
    path = path.expanduser()
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise EncryptionError(f"{variable}: {path} is a folder; name the file in it")
        if mode & 0o077:
            raise EncryptionError(f"{variable}: {path} is open to others (mode {stat.S_IMODE(mode):04o}); close it with: chmod 600 {path}")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise EncryptionError(f"{variable}: {path} cannot be read: {reason}; name a file of this user's, of mode 0600") from None
