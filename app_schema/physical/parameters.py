"""Settings that recovery needs to be at least as high as they were on the server that wrote the WAL."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from app_schema.backup.programs import reason
from app_schema.errors import BackupDamaged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from app_schema.backup.programs import Programs

# As pg_controldata and pg_waldump name them, and as they are set.
NAMES = {
    "max_connections": "max_connections",
    "max_worker_processes": "max_worker_processes",
    "max_wal_senders": "max_wal_senders",
    "max_prepared_xacts": "max_prepared_transactions",
    "max_locks_per_xact": "max_locks_per_transaction",
    "wal_level": "wal_level",
}
LEVELS = ("minimal", "replica", "logical")
CONTROL = re.compile(r"^(\w+) setting: +(\w+)$", re.MULTILINE)
# rmgr: XLOG len (rec/tot): 54/54, tx: 0, lsn: 0/015126F8, prev 0/01512680, desc: PARAMETER_CHANGE max_connections=100 … wal_level=replica …
CHANGE = re.compile(r"rmgr: XLOG .*?, desc: PARAMETER_CHANGE (.*)")


def changed(line: str) -> dict[str, str]:
    """Return what a line of ``pg_waldump`` says that the server was started with, by the names of settings; nothing if it is another."""
    match = CHANGE.match(line)
    pairs = (pair.partition("=") for pair in (match[1].split() if match else ()))
    return {NAMES[name]: value for name, _, value in pairs if name in NAMES}


def of_data(programs: Programs, data: Path) -> dict[str, str]:
    """Return what ``pg_control`` of a data directory says that its server was started with.

    Raises:
        BackupDamaged: it cannot be read.
    """
    done = subprocess.run(  # noqa: S603 (no shell)
        programs.command("pg_controldata", str(data)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"},
    )
    if done.returncode:
        raise BackupDamaged(f"pg_control of the backup cannot be read: {reason(done.stderr)}")
    return {NAMES[name]: value for name, value in CONTROL.findall(done.stdout) if name in NAMES}


def highest(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Return the higher value of each setting."""
    return {**one, **{name: value for name, value in other.items() if name not in one or is_lower(name, one[name], value)}}


def is_lower(name: str, value: str, than: str) -> bool:
    """Whether one value of a setting is lower than another."""
    if name == "wal_level":
        return LEVELS.index(value) < LEVELS.index(than)
    return int(value) < int(than)
