"""``backup prune``: let go what the policy no longer keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.retention import Decision, decide, policy

if TYPE_CHECKING:
    from app_schema.backup.folder import Folder
    from app_schema.settings import Settings


def prune(settings: Settings, folder: Folder, *, dry_run: bool) -> list[Decision]:
    """Remove what the policy no longer keeps, unless it is being restored or verified just now; return what was decided.

    What cannot be read, or has no entry, is left alone: nobody knows what it is.

    Raises:
        BackupBusy: a backup is running in this folder.
    """
    catalogue = Catalogue(folder)
    if dry_run:
        return _decided(settings, catalogue)
    with folder.run():
        catalogue.sweep()
        decided = _decided(settings, catalogue)
        for decision in reversed(decided):  # what adds to a backup goes before it
            if not decision.keep:
                catalogue.remove(decision.entry)
    return decided


def _decided(settings: Settings, catalogue: Catalogue) -> list[Decision]:
    entries, _ = catalogue.read()
    decided = decide(entries, policy(settings), datetime.now(UTC))
    return [_unless_used(catalogue.folder, decision) for decision in decided]


def _unless_used(folder: Folder, decision: Decision) -> Decision:
    if not decision.keep and any(folder.is_used(part.file) for part in decision.entry.parts):
        return decision._replace(keep=True, reason="somebody reads it just now")
    return decision
