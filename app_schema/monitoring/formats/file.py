"""Replace a file at once, so that no reader ever sees half of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from app_schema.errors import OutputUnwritable


def replace(path: Path, text: str) -> None:
    """Write ``text`` beside ``path`` and rename it.

    Raises:
        OutputUnwritable: the folder is missing or closed, or the disk is full; the old file stays.
    """
    draft: str | None = None
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - Path cannot open a handle
            os.fchmod(file.fileno(), 0o666 & ~_umask())  # as any file: node_exporter or a web server is another user
            file.write(text)
        Path(draft).replace(path)
    except OSError as error:
        if draft:
            Path(draft).unlink(missing_ok=True)
        raise OutputUnwritable(f"{path} cannot be written: {error.strerror}; what was there stays") from None


def _umask() -> int:
    umask = os.umask(0o022)
    os.umask(umask)
    return umask
