"""Configuration from outside the data directory: laid beside the restored data, and what a server started on that data needs of it."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from app_schema.backup import chain
from app_schema.embedded import private
from app_schema.physical import directives
from app_schema.physical.configuration import MAIN
from app_schema.physical.directives import Grammar
from app_schema.physical.layout import CONFIGURATION, DATA, configuration_path, read_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder
    from app_schema.backup.holding import Configuration
    from app_schema.physical.directives import Reference

# Where the source's files are, and moments that the source itself was once restored to: they do not hold for another cluster.
OF_THE_SOURCE = {"data_directory", "config_file", "hba_file", "ident_file", "restore_command"}
TARGET = "recovery_target"
FOLDER_MODE, FILE_MODE = 0o700, 0o600


def lay(folder: Folder, entry: Entry, home: Path) -> None:
    """Copy an entry's configuration into the home of a restored cluster, and make ``postgresql.conf`` and the like in its data of it.

    Under ``configuration`` the files lie as they were, under the paths that they had. Those in the data directory are one file each:
    what they included is in them, since it was somewhere else on the source's machine.

    Raises:
        BackupDamaged: a file is not what was taken.
    """
    configuration = chain.place(entry).configuration
    if configuration is None:
        return
    files = read_configuration(folder, entry)
    for path, content in files.items():
        target = configuration_path(home, path)
        private.make_way(target.parent, FOLDER_MODE)
        _write(target, content)
    for path in configuration.folders:
        private.make_way(configuration_path(home, path), FOLDER_MODE)
    for name, (file, grammar) in MAIN.items():
        source = _Files(configuration, files, home)
        text = "".join(source.lines(getattr(configuration, name), grammar))
        if source.outside:
            _write(home / DATA / file, text.encode(errors="surrogateescape"))


def notes(entry: Entry, home: Path) -> tuple[str, ...]:
    """Return what to say of the configuration of a restored cluster."""
    place = chain.place(entry)
    if place.configuration is None:
        return place.unread
    where = ", ".join(sorted({str(PurePosixPath(file.path).parent) for file in place.configuration.files}))
    laid = (
        f"configuration files from outside the source's data directory ({where}) are in {home / CONFIGURATION};"
        f" {home / DATA}/postgresql.conf and the like were made of them"
    )
    return (laid, *place.unread)


class _Files:
    """The configuration files of a source, with what they include in its place.

    Attributes:
        outside: whether any of it came from outside the data directory.
    """

    def __init__(self, configuration: Configuration, files: dict[str, bytes], home: Path) -> None:
        self._configuration, self._files, self._home = configuration, files, home
        self._open: list[str] = []
        self.outside = False

    def lines(self, path: str, grammar: Grammar) -> Iterator[str]:
        """Yield the lines of a file."""
        content = self._content(path)
        if content is None or path in self._open:
            yield f"# {path} was not taken\n"
            return
        self._open.append(path)
        yield f"# {path}\n"
        folder = str(PurePosixPath(path).parent)
        for line in content.decode(errors="surrogateescape").splitlines():
            reference = directives.included(line, grammar, folder)
            if reference and not (folder == self._configuration.data_directory and self._holds(line, reference, grammar)):
                yield f"# {line}\n"
                for each in self._named(reference):
                    yield from self.lines(each, grammar)
            else:
                yield f"{self._changed(line, grammar, folder)}\n"
        self._open.pop()

    def _holds(self, line: str, reference: Reference, grammar: Grammar) -> bool:
        """Whether an include of a file in the data directory still finds what it names, and none of that comes from outside."""
        if reference.path in line or self._copy_of(reference.path) is None:
            return False
        beneath = _Files(self._configuration, self._files, self._home)
        beneath._open = [*self._open]
        for path in self._named(reference):
            for _ in beneath.lines(path, grammar):
                pass
        return not beneath.outside

    def _changed(self, line: str, grammar: Grammar, folder: str) -> str:
        if grammar is Grammar.SETTINGS:
            name = directives.setting(line) or ""
            return f"# {line}" if name in OF_THE_SOURCE or name.startswith(TARGET) else line
        for written, reference in directives.lists(line, folder):
            if reference.path in self._files:
                self.outside = True
                line = line.replace(written, f'@"{configuration_path(self._home, reference.path)}"')
        return line

    def _named(self, reference: Reference) -> list[str]:
        if not reference.folder:
            return [reference.path]
        pure = PurePosixPath(reference.path)
        copied = self._copy_of(reference.path)
        inside = (f"{reference.path}/{each.name}" for each in copied.iterdir()) if copied and copied.is_dir() else ()
        taken = (path for path in self._files if PurePosixPath(path).parent == pure)
        return sorted(path for path in {*inside, *taken} if directives.is_included(PurePosixPath(path).name))

    def _content(self, path: str) -> bytes | None:
        if path in self._files:
            self.outside = True
            return self._files[path]
        copied = self._copy_of(path)
        return copied.read_bytes() if copied and copied.is_file() else None

    def _copy_of(self, path: str) -> Path | None:
        pure, data = PurePosixPath(path), self._configuration.data_directory
        return self._home / DATA / pure.relative_to(data) if pure.is_relative_to(data) and ".." not in pure.parts else None


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:  # noqa: PTH123 (Path cannot open a handle)
        file.write(content)
