"""A backup against its manifest: every file there, of its size and with its hash, and the WAL that it brings along."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from app_schema.backup.programs import reason
from app_schema.errors import BackupDamaged
from app_schema.physical.layout import check_manifest, data_of

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.backup.programs import Programs


def prove(folder: Folder, entry: Entry, programs: Programs) -> None:
    """Read a backup whole. The manifest is the one that was written, and everything is as it says.

    Raises:
        BackupDamaged: a file or the manifest is missing, changed or cut off.
    """
    check_manifest(folder, entry)
    done = subprocess.run(  # noqa: S603 (no shell)
        programs.command("pg_verifybackup", "--quiet", str(data_of(folder, entry))),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"},
    )
    if done.returncode:
        raise BackupDamaged(f"{entry.id} is damaged: {reason(done.stderr)}; use another chain")
