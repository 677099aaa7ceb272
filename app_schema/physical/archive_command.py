"""An ``archive_command`` that loses nothing: ``app-schema-archive %p DIR``.

It runs as the server's account, in its data directory, once a segment: so it imports nothing of ours. The file is
copied under a temporary name, synced, and linked to its own, which fails if there is one. The same file again
is well, as the server asks for after a crash; another one under its name is refused. Exit code 0 lets the
server remove its copy.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import struct
import sys
from pathlib import Path

CONTROL = Path("global/pg_control")
USAGE = "usage, in postgresql.conf: archive_command = 'app-schema-archive %p DIR'"
ARGUMENTS = 2


def archive(source: Path, archives: Path) -> None:
    """Copy a finished segment or history into the archive of its cluster, a folder in ``archives``.

    Raises:
        FileExistsError: there is another file of that name.
        OSError: it could not be written; there is no half file.
    """
    (system,) = struct.unpack("=Q", CONTROL.read_bytes()[:8])
    folder = archives / str(system)
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / source.name
    draft = folder / f".{source.name}.{os.getpid()}"
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with source.open("rb") as segment, open(handle, "wb") as copy:  # noqa: PTH123 (Path cannot open a handle)
            shutil.copyfileobj(segment, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        try:
            os.link(draft, target)
        except FileExistsError:
            if not filecmp.cmp(source, target, shallow=False):
                raise FileExistsError(f"{target} is there and is another file; nothing was overwritten") from None
    finally:
        draft.unlink(missing_ok=True)
    _sync(folder)
    _sync(archives)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def main() -> None:
    """Run it as the server does."""
    if len(sys.argv) != 1 + ARGUMENTS or not Path(sys.argv[2]).is_absolute():
        sys.exit(f"app-schema-archive: {USAGE}, DIR being absolute")
    try:
        archive(Path(sys.argv[1]), Path(sys.argv[2]))
    except OSError as error:  # the server logs it, keeps the segment and tries again
        sys.exit(f"app-schema-archive: {error.filename or ''} {error.strerror or error}".replace("  ", " "))


if __name__ == "__main__":
    main()
