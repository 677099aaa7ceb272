"""``backup prune``: let go what the policy no longer keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import PRUNE_OR_FETCH
from app_schema.backup.retention import Decision, decide, policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.settings import Settings


def prune(settings: Settings, folder: Folder, *, dry_run: bool) -> list[Decision]:
    """Remove what the policy no longer keeps, unless it is being restored or verified just now; return what was decided.

    What cannot be read, or has no entry, is left alone: nobody knows what it is.

    Raises:
        BackupBusy: another prune or fetch in this folder did not end in time.
    """
    catalogue = Catalogue(folder)
    if dry_run:
        return _carried_out(_decided(settings, catalogue), catalogue.is_free)
    with folder.alone(PRUNE_OR_FETCH):
        catalogue.sweep()
        return _carried_out(_decided(settings, catalogue), catalogue.remove)


def _decided(settings: Settings, catalogue: Catalogue) -> list[Decision]:
    entries, _ = catalogue.read()
    proved = {entry.id for entry in catalogue.proved(entries)} if catalogue.folder.seal else ()
    return decide(entries, policy(settings), datetime.now(UTC), proved)


def _carried_out(decided: list[Decision], remove: Callable[[Entry], bool]) -> list[Decision]:
    """Remove what goes, the newest first: what adds to a backup goes before it, and keeps it if it stays."""
    done: list[Decision] = []
    needed: set[str | None] = set()
    for decision in reversed(decided):
        stays = not decision.keep and (decision.entry.id in needed or not remove(decision.entry))
        if stays and decision.entry.physical:
            needed.add(decision.entry.physical.parent)
        done.append(decision._replace(keep=True, reason="somebody reads it just now") if stays else decision)
    return done[::-1]
