"""The zone of this host, which cron goes by, whatever TZ says in the shell of the one who asks."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import tzinfo

LOCALTIME = Path("/etc/localtime")


def host_zone(file: Path = LOCALTIME) -> tzinfo:
    """Read the host's zone; without a file it is UTC, as the C library has it."""
    try:
        with file.open("rb") as data:
            return ZoneInfo.from_file(data, key=None)
    except (OSError, ValueError):
        return UTC
