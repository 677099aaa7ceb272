"""The catalogue: a JSON file a backup, written last and at once, read without trusting any single one."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup import seal
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.event import Verification
from app_schema.backup.folder import UNFINISHED, Folder
from app_schema.backup.names import ID
from app_schema.errors import BackupDamaged, BackupUnknown
from app_schema.printable import visible_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from app_schema.backup.folder import Draft
    from app_schema.backup.tree import Tree


class Problem(NamedTuple):
    """A file in the folder that is not as it should be; it is reported and left alone."""

    file: str
    message: str

    def __str__(self) -> str:
        return visible_name(f"{self.file} {self.message}")


@dataclass(frozen=True)
class Catalogue:
    """The entries in a folder."""

    folder: Folder

    def read(self) -> tuple[list[Entry], list[Problem]]:
        """Return every entry, oldest first, and what could not be read or has no entry."""
        entries: list[Entry] = []
        problems: list[Problem] = []
        names = {path.name for path in self.folder.path.iterdir() if ID.match(path.name)}
        for name in sorted(name for name in names if name.endswith(".json")):
            try:
                entries.append(Entry.unsealed((self.folder.path / name).read_bytes(), name.removesuffix(".json")))
            except FileNotFoundError:  # pruned in the meantime
                continue
            except (BackupDamaged, OSError) as error:
                problems.append(Problem(name, str(error)))
        accounted = {part.file for entry in entries for part in entry.parts} | {problem.file for problem in problems}
        accounted |= {problem.file.removesuffix(".json") for problem in problems}
        strays = [name for name in sorted(names) if not name.endswith(".json") and not any(name.startswith(known) for known in accounted)]
        problems += [
            Problem(name, "has no entry in the catalogue: it may be whole, yet nothing proves it")
            for name in strays
            if not self._is_entered(name)
        ]
        for entry in entries:
            problems += [
                Problem(part.file, f"is missing, of backup {entry.id}")
                for part in entry.parts
                if not (self.folder.path / part.file).exists()
            ]
        return sorted(entries, key=lambda entry: (entry.started, entry.id)), problems

    def _is_entered(self, name: str) -> bool:
        """Whether the entry of a file is written just now, or was since the folder was listed."""
        match = ID.match(name)
        assert match is not None  # noqa: S101 (whatever is listed begins with an id)
        entry = f"{match[0]}.json"
        return any((self.folder.path / each).exists() for each in (f"{UNFINISHED}{entry}", entry))

    def proved(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return those whose seal proves where they come from; without a key, all."""
        return [entry for entry in entries if seal.why_not(self.folder.seal, entry) is None]

    def signed(self, entry: Entry) -> Entry:
        """Return an entry with the seal of this machine's key, if it has one."""
        key = self.folder.seal
        return entry.model_copy(update={"mac": key.of(seal.ENTRY, entry.taken())}) if key else entry

    def find(self, name: str, *, kinds: Collection[Kind], database: str | None = None) -> Entry:
        """Return the backup of that id, or its beginning if that is one of its own; ``latest`` is the newest good one of ``database``.

        Of those that are not sealed, where the folder has a key, none is the latest.

        Raises:
            BackupUnknown: there is none, or several begin so.
            BackupDamaged: its entry cannot be read.
        """
        entries, problems = self.read()
        if name == "latest":
            return _latest(self.proved(entries), kinds, database, self.folder.path, unproved=len(entries) - len(self.proved(entries)))
        found = [entry for entry in entries if entry.id == name or (len(name) >= len("20261122") and entry.id.startswith(name))]
        if len(found) > 1:
            raise BackupUnknown(f"{name} is the beginning of {len(found)} backups: {', '.join(entry.id for entry in found)}")
        if not found:
            if broken := [problem for problem in problems if problem.file.startswith(name) and problem.file.endswith(".json")]:
                raise BackupDamaged(str(broken[0]))
            raise BackupUnknown(f"there is no backup {name} in {self.folder.path}; app-schema backup list shows what there is")
        if found[0].kind not in kinds:
            raise BackupUnknown(f"{found[0].id} is a backup of kind {found[0].kind}; this takes {', '.join(kinds)}")
        return found[0]

    def add(self, entry: Entry, drafts: Sequence[Draft | Tree]) -> None:
        """Keep the files of a backup and then its entry; whoever dies in between is finished by the next :meth:`sweep`."""
        with self.folder.draft(f"{entry.id}.json") as note:
            note.file.write(entry.sealed())
            note.file.flush()
            os.fsync(note.file.fileno())
            try:
                for draft in drafts:
                    draft.keep()
                self.folder.sync()
                note.keep()
                self.folder.sync()
            except BaseException:
                for draft in drafts:
                    if draft.kept and note.kept is None:
                        _remove(draft.kept)
                raise

    def amend(self, entry_id: str, change: Callable[[Entry], Entry]) -> Entry:
        """Rewrite one entry from what it says now, at once and one writer at a time.

        Raises:
            BackupUnknown: it was removed in the meantime.
        """
        with self.folder.turn():
            path = self.folder.path / f"{entry_id}.json"
            try:
                entry = change(Entry.unsealed(path.read_bytes(), entry_id))
            except FileNotFoundError:
                raise BackupUnknown(f"{entry_id} was removed in the meantime") from None
            with self.folder.draft(f"{entry_id}.{secrets.token_hex(4)}.amended") as note:
                note.file.write(entry.sealed())
                note.keep(path.name)
            self.folder.sync()
        return entry

    def note_look(self, entry_id: str, error: str | None, *, at: datetime | None = None) -> Entry:
        """Note what a look at a backup has found at a time (default: now); None: it is what was written. Errors as for :meth:`amend`."""
        seen = Verification(at=at or datetime.now(UTC), error=error)
        return self.amend(entry_id, lambda now: now.model_copy(update={"verified": (*now.verified, seen)}))

    def remove(self, entry: Entry) -> bool:
        """Remove a backup unless somebody reads it just now; return whether it is gone.

        Its files go first, then its entry: a death in between shows as missing files and not as strange ones.
        """
        with self._claimed(entry) as free:
            if free:
                for part in entry.parts:
                    _remove(self.folder.path / part.file)
                (self.folder.path / f"{entry.id}.json").unlink()
                self.folder.sync()
        return free

    @contextmanager
    def reading(self, entries: Iterable[Entry]) -> Iterator[None]:
        """Keep backups from being pruned in the meantime; what is missing of them is not."""
        with ExitStack() as stack:
            for part in (part for entry in entries for part in entry.parts):
                with suppress(OSError):
                    stack.enter_context(self.folder.using(part.file))
            yield

    def is_free(self, entry: Entry) -> bool:
        """Whether nobody reads a backup just now."""
        with self._claimed(entry) as free:
            return free

    def _claimed(self, entry: Entry) -> AbstractContextManager[bool]:
        return self.folder.claimed(part.file for part in entry.parts)

    def sweep(self) -> None:
        """Finish what died between the last byte and the entry, and remove what other dead runs have left; what lives is locked."""
        for path in self.folder.abandoned():
            if path.suffix == ".json" and self._finish(path):
                continue
            _remove(path)

    def _finish(self, path: Path) -> bool:
        try:
            entry = Entry.unsealed(path.read_bytes(), path.name.removeprefix(UNFINISHED).removesuffix(".json"))
        except BackupDamaged:
            return False
        for part in entry.parts:
            stored = self.folder.path / part.file
            if not stored.exists() or (stored.is_file() and stored.stat().st_size != part.bytes):
                for kept in entry.parts:  # renamed, and then died before the next of them
                    _remove(self.folder.path / kept.file)
                return False
        path.rename(self.folder.path / path.name.removeprefix(UNFINISHED))
        self.folder.sync()
        return True


def new_id(kind: Kind, started: datetime) -> str:
    """Return a name for a backup that sorts by time."""
    return f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{kind}-{secrets.token_hex(2)}"


def _latest(entries: Iterable[Entry], kinds: Collection[Kind], database: str | None, folder: Path, *, unproved: int) -> Entry:
    of_kind = [entry for entry in entries if entry.kind in kinds]
    fitting = [entry for entry in of_kind if database is None or database in entry.databases]
    good = [entry for entry in fitting if not entry.damaged and not entry.rescued]
    if good:  # a part may hold nothing at all, so it is the latest only where nothing is whole
        return ([entry for entry in good if entry.status == "complete"] or good)[-1]
    what = f"{' or '.join(kinds)}{f' of database {database}' if database else ''}"
    left_out = f"; {unproved} backups without a valid seal do not count: {seal.cure('')}" if unproved else ""
    raise BackupUnknown(f"there is no good {what} in {folder}{_instead(of_kind, fitting)}{left_out}")


def _instead(of_kind: list[Entry], fitting: list[Entry]) -> str:
    """Say what there is instead of a good backup: damaged ones, those of a rescued copy, those of other databases."""
    make = "make one with: app-schema backup dump"
    if damaged := [entry for entry in fitting if entry.damaged]:
        count = f"all {len(damaged)} are damaged, the newest is {damaged[-1].id}" if len(damaged) > 1 else f"{damaged[0].id} is damaged"
        copied = next((entry for entry in reversed(damaged) if entry.uploads), None)
        return f": {count}; {f'a copy comes with: app-schema backup fetch {copied.id}; or ' if copied else ''}{make}"
    if fitting:
        return f": {fitting[-1].id} was taken from a rescued copy; name it by its id, or {make}"
    others = sorted({name for entry in of_kind for name in entry.databases})
    return (
        f"; there are those of {', '.join(others)}: name one by its id"
        if others
        else f"; {make}, or set APP_SCHEMA_BACKUP_DIR to where they are"
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
