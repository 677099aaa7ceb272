"""What a look at backups or WAL has found."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """What was looked at, and either what is well or what is wrong."""

    name: str
    note: str
    error: str | None = None
