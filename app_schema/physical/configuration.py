"""The configuration that a server keeps outside its data directory: found, and copied beside the data."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app_schema.backup.folder import FILE_MODE, FOLDER_MODE
from app_schema.backup.holding import Configuration, ConfigurationFile
from app_schema.backup.names import is_path
from app_schema.embedded import private
from app_schema.engine import quoted
from app_schema.physical import directives
from app_schema.physical.directives import Grammar, Reference
from app_schema.physical.layout import DATA, configuration_path
from app_schema.physical.server_files import ServerFiles
from app_schema.printable import visible_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy import Connection

MAIN = {
    "config_file": ("postgresql.conf", Grammar.SETTINGS),
    "hba_file": ("pg_hba.conf", Grammar.RULES),
    "ident_file": ("pg_ident.conf", Grammar.RULES),
}
PLACES = text("SELECT name, setting FROM pg_settings WHERE name IN ('config_file', 'hba_file', 'ident_file', 'data_directory')")
ROLE = text("SELECT current_user")


class Taken(NamedTuple):
    """What was copied, and what could not be read, a line each with its cure."""

    configuration: Configuration | None
    unread: tuple[str, ...]


def take(connection: Connection, tree: Path) -> Taken:
    """Copy what a server's configuration consists of outside its data directory into the folder of a backup that has its data.

    Files inside the data directory come with it, unless they are links, which ``pg_basebackup`` leaves out.

    Raises:
        OSError: the disk is full.
    """
    places: dict[str, str] = {row.name: os.path.normpath(row.setting) for row in connection.execute(PLACES)}
    role = connection.scalar(ROLE)
    hidden = "config_file" not in places
    if hidden:  # the superuser's and pg_read_all_settings' to see
        places = {"data_directory": str(tree / DATA)} | {name: str(tree / DATA / file) for name, (file, _) in MAIN.items()}
    search = _Search(None if hidden else ServerFiles(connection), places["data_directory"], tree / DATA)
    for name, (_, grammar) in MAIN.items():
        search.follow(Reference(places[name], optional=name == "ident_file"), grammar)
    if hidden:
        search.unread = {path.removeprefix(f"{tree / DATA}/"): why for path, why in search.unread.items()}
    for path, content in search.files.items():
        _write(configuration_path(tree, path), content)
    for path in search.folders:
        private.make_way(configuration_path(tree, path), FOLDER_MODE)
    configuration = Configuration(
        **places,
        files=tuple(ConfigurationFile(path=path, bytes=len(data), sha256=sha256(data).hexdigest()) for path, data in search.files.items()),
        folders=tuple(sorted(search.folders)),
    )
    return Taken(configuration if search.files else None, _lines(search.unread, str(role)))


class _Search:
    """Follows references from file to file; what lies in the data directory is read in its copy and not copied again."""

    def __init__(self, server: ServerFiles | None, data_directory: str, copied: Path) -> None:
        self._server, self._data, self._copied = server, data_directory, copied
        self._seen: set[str] = set()
        self.files: dict[str, bytes] = {}
        self.folders: set[str] = set()
        self.unread: dict[str, str] = {}

    def follow(self, reference: Reference, grammar: Grammar) -> None:
        if reference.path in self._seen:
            return
        self._seen.add(reference.path)
        if not is_path(reference.path):  # the entry that names it would not be read again
            self.unread[visible_name(reference.path)] = "its path is not absolute, or has .. or a control character"
            return
        try:
            if reference.folder:
                names = self._names(reference.path)
                for path in (f"{reference.path}/{name}" for name in names if directives.is_included(name)):
                    self.follow(Reference(path), grammar)
                return
            content = self._read(reference.path)
        except FileNotFoundError:
            if not reference.optional:
                self.unread[reference.path] = "it does not exist"
            return
        except PermissionError as error:
            self.unread[reference.path] = str(error)
            return
        folder = str(PurePosixPath(reference.path).parent)
        for each in directives.references(content.decode(errors="surrogateescape"), grammar, folder):
            self.follow(each, grammar)

    def _read(self, path: str) -> bytes:
        copy = self._copy_of(path)
        if copy and copy.is_file():
            return copy.read_bytes()
        self.files[path] = content = self._outside.read(path)
        return content

    def _names(self, path: str) -> Iterable[str]:
        copy = self._copy_of(path)
        if copy and copy.is_dir():
            return sorted(each.name for each in copy.iterdir())
        names = self._outside.names(path)
        self.folders.add(path)
        return names

    def _copy_of(self, path: str) -> Path | None:
        pure = PurePosixPath(path)
        return self._copied / pure.relative_to(self._data) if pure.is_relative_to(self._data) else None

    @property
    def _outside(self) -> ServerFiles:
        if self._server is None:
            raise PermissionError("this role may not see where the configuration is")
        return self._server


def _lines(unread: dict[str, str], role: str) -> tuple[str, ...]:
    """Say what could not be read: a line for each reason."""
    lines = []
    for why in dict.fromkeys(unread.values()):
        paths = ", ".join(path for path in unread if unread[path] == why)
        lines.append(
            f"configuration outside the data directory was not taken: {paths} ({why}); keep a copy of it, or as a superuser:"
            f" GRANT pg_read_all_settings, pg_read_server_files TO {quoted(role)};"
            f" GRANT EXECUTE ON FUNCTION pg_read_binary_file(text), pg_ls_dir(text) TO {quoted(role)}"
        )
    return tuple(lines)


def _write(path: Path, content: bytes) -> None:
    private.make_way(path.parent, FOLDER_MODE)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    with open(handle, "wb") as file:  # noqa: PTH123 (Path cannot open a handle)
        file.write(content)
        file.flush()
        os.fsync(handle)
