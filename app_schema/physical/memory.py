"""What of a cluster's WAL was proved, and when; so that the next look reads only what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from app_schema.backup.record import Count, Moment, Record

if TYPE_CHECKING:
    from app_schema.backup.folder import Folder


class Stretch(Record):
    """WAL up to the end of a timeline.

    Attributes:
        start: the LSN from which it was read.
        end: the LSN where its last good record begins, or where its last file ends.
        newest: what tells its last file from the same file when more was written.
        at: when it was read.
    """

    start: Count
    end: Count
    newest: str = ""
    at: Moment


class Memory(Record):
    """What was found the last time.

    Attributes:
        timelines: what was proved of the way to the end of each.
        gaps: by the first segment that is missing, since when that is known.
        looked: when; None in a file of an older version.
    """

    timelines: dict[int, Stretch] = Field(default_factory=dict)
    gaps: dict[str, Moment] = Field(default_factory=dict)
    looked: Moment | None = None


def recall(folder: Folder, system: str) -> Memory:
    """Read what was noted; what cannot be read was not noted, and is proved again."""
    try:
        return Memory.model_validate_json((folder.path / _name(system)).read_bytes())
    except (OSError, ValidationError):
        return Memory()


def note(folder: Folder, system: str, memory: Memory) -> None:
    """Write it at once."""
    with folder.turn(), folder.draft(_name(system)) as draft:
        draft.file.write(memory.model_dump_json(indent=1).encode())
        draft.keep()


def _name(system: str) -> str:
    return f"wal-{system}.json"
