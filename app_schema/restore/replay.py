"""Entries of an archive, one at a time and each in a transaction, with the ``search_path`` that the database had."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from app_schema.errors import RestoreError
from app_schema.restore import script, toc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from sqlalchemy import URL

    from app_schema.backup.programs import Programs
    from app_schema.restore.script import Refusal

AS_DUMPED = ""  # pg_dump qualifies every name that it writes
# The server's own trouble: not the object is at fault, and a restore that goes on would lose more.
TROUBLE = ("08", "53", "57", "58", "F0", "XX")
FOREIGN_KEY_VIOLATION = "23503"


class Missing(NamedTuple):
    """What is not as it was in the backup: its kind and name, why, and the statement that would make it so."""

    what: str
    reason: str
    statement: str

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"


class Filled(NamedTuple):
    """What a restore could do only in part: ``notes`` for people, a line each, and what is ``missing``."""

    notes: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()

    def __add__(self, other: Filled) -> Filled:  # type: ignore[override]
        return Filled(self.notes + other.notes, self.missing + other.missing)


@dataclass(frozen=True)
class Replay:
    """Runs entries of an archive.

    Attributes:
        url: the database that they go to.
        archive: the file, in clear.
        arguments: of pg_restore, such as ``--no-owner``.
        paths: the values of ``search_path`` that are tried, in this order; :data:`AS_DUMPED` first.
    """

    programs: Programs
    url: URL
    archive: Path
    arguments: tuple[str, ...]
    paths: tuple[str, ...]

    def statement(self, entry: toc.Entry) -> str:
        """Return its SQL, for people."""
        return toc.statement(self.programs, self.archive, entry, *self.arguments)

    def missing(self, entry: toc.Entry, reason: str, *, before: str = "") -> Missing:
        """Describe an entry that was not restored."""
        return Missing(entry.label, reason, f"{before}\n{self.statement(entry)}".strip())

    def run(self, entry: toc.Entry, *, before: str = "", change: Callable[[str], str] | None = None) -> Refusal | None:
        """Restore an entry in a transaction, with the first ``search_path`` that does; return why none did.

        Args:
            entry: of the archive.
            before: SQL to run first in the same transaction.
            change: is given the script of a definition and returns the one to run.

        Raises:
            RestoreError: the server is in trouble, such as a full disk.
        """
        return self.together([entry.line], before=before, change=change)[1]

    def together(self, lines: Sequence[str], *, before: str = "", change: Callable[[str], str] | None = None) -> tuple[str, Refusal | None]:
        """Restore lines of the table of contents in one transaction; return the ``search_path`` that was tried last, and its refusal.

        Raises:
            RestoreError: the server is in trouble, such as a full disk.
        """
        refusal = None
        for path in self.paths:
            refusal = self._once(lines, path, before, change)
            if refusal is None or refusal.exists or refusal.sqlstate == FOREIGN_KEY_VIOLATION:  # whatever the path
                return path, refusal
        return self.paths[-1], refusal

    def _once(self, lines: Sequence[str], path: str, before: str, change: Callable[[str], str] | None) -> Refusal | None:
        with (
            toc.listed(lines) as chosen,
            subprocess.Popen(  # noqa: S603 (no shell)
                self.programs.command("pg_restore", "--file=-", *self.arguments, chosen, str(self.archive)), stdout=subprocess.PIPE
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)

            def ended() -> None:
                if process.wait():  # before half of it is committed
                    raise RestoreError("pg_restore failed on an archive that it had read before")

            source = BytesIO(change(process.stdout.read().decode()).encode()) if change else process.stdout
            try:
                refusal = script.run(self.url, source, search_path=path, before=before, ended=ended)
            finally:
                process.kill()  # it may have gigabytes left to write
        if refusal and refusal.sqlstate.startswith(TROUBLE):
            raise RestoreError(f"the server is in trouble: {refusal.reason}")
        return refusal


def again(replay: Replay, numbers: Collection[int]) -> Filled:
    """Restore once more what failed, in the archive's order, as long as one of them succeeds.

    Raises:
        RestoreError: the server is in trouble, such as a full disk.
    """
    left = [entry for entry in toc.read(replay.programs, replay.archive) if entry.number in numbers]
    restored: dict[str, list[str]] = {}
    while True:
        refused: list[tuple[toc.Entry, Refusal]] = []
        for entry in left:
            path, refusal = replay.together([entry.line])
            if refusal is None:
                restored.setdefault(path, []).append(entry.label)
            elif not refusal.exists:  # what is there did not fail itself, but a setting of its session
                refused.append((entry, refusal))
        if len(refused) in (0, len(left)):
            break
        left = [entry for entry, _ in refused]
    notes = tuple(
        f"restored only with search_path = {path}, which pg_restore does not set: {', '.join(labels)};"
        " give the functions that they use a SET search_path of their own"
        for path, labels in restored.items()
        if path != AS_DUMPED
    )
    return Filled(notes, tuple(replay.missing(entry, refusal.reason) for entry, refusal in refused))
