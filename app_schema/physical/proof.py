"""A backup against its manifest: every file there, of its size and with its hash, and the WAL that it brings along."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app_schema.backup.programs import reason
from app_schema.errors import BackupDamaged
from app_schema.physical.layout import check_manifest, check_rest, check_tree, data_of, read_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.backup.programs import Programs


def prove(folder: Folder, entry: Entry, programs: Programs) -> None:
    """Read a backup whole. The manifest is the one that was written, and everything is as it says.

    Raises:
        BackupDamaged: a file or the manifest is missing, changed or cut off.
    """
    with proving(folder, entry, programs) as ended:
        ended()


@contextmanager
def proving(folder: Folder, entry: Entry, programs: Programs) -> Iterator[Callable[[], None]]:
    """Read a backup whole while the block works; yield a call that waits for the end, with the errors of :func:`prove`."""
    check_manifest(folder, entry)
    check_tree(folder, entry)
    read_configuration(folder, entry)
    check_rest(folder, entry)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 (no shell)
            programs.command("pg_verifybackup", "--quiet", str(data_of(folder, entry))),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"},
        )

        def ended() -> None:
            if process.wait():
                said.seek(0)
                raise BackupDamaged(f"{entry.id} is damaged: {reason(said.read().decode(errors='replace'))}")

        with process:
            try:
                yield ended
            except BaseException:
                process.kill()
                raise
