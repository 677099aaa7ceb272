"""What is where in the folder of a base backup or an incremental."""

from __future__ import annotations

import json
import os
import stat
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from app_schema.backup.stream import digest
from app_schema.errors import BackupDamaged

if TYPE_CHECKING:
    from pathlib import Path

    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Folder

DATA = "data"
TABLESPACES = "tablespaces"
WAL = "pg_wal"
LINKS = "pg_tblspc"
MANIFEST = "backup_manifest"
PASSED_OVER = ("postgresql.auto.conf", "recovery.signal", "standby.signal")  # by pg_verifybackup
CONFIGURATION = "configuration"  # beneath it, files from outside the data directory under their whole paths


def data_of(folder: Folder, entry: Entry) -> Path:
    """Return the data directory of a backup, the links to its tablespaces set right: the folder may have moved since.

    Raises:
        BackupDamaged: a link leads elsewhere, which would be changed.
    """
    tree = folder.path / entry.parts[0].file
    for path in (tree, tree / DATA, tree / DATA / LINKS, tree / TABLESPACES):
        if path.is_symlink():
            raise BackupDamaged(f"{path} is a link, which no backup has there; use another chain")
    for place in (tree / TABLESPACES).glob("*"):
        link = tree / DATA / LINKS / place.name
        if not place.name.isdecimal():
            raise BackupDamaged(f"{place} is no tablespace; use another chain")
        if link.is_symlink() and link.readlink() != place:
            link.unlink()
            link.symlink_to(place)
    return tree / DATA


def check_manifest(folder: Folder, entry: Entry) -> bytes:
    """Return the manifest of a backup, which is the one that was written.

    Raises:
        BackupDamaged: it is missing, or another one.
    """
    path = folder.path / entry.parts[0].file / DATA / MANIFEST
    try:
        manifest = path.read_bytes()
    except OSError as error:
        raise BackupDamaged(f"{path} cannot be read: {error.strerror}; {entry.id} cannot be proved: use another chain") from None
    if sha256(manifest).hexdigest() != entry.parts[0].sha256:
        raise BackupDamaged(f"{path} was edited or damaged: it is not the manifest that was written; use another chain")
    return manifest


def wal_hashes(data: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of WAL in a data directory, by name: they are in no manifest."""
    found = {}
    for path in sorted((data / WAL).rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                found[path.relative_to(data / WAL).as_posix()] = digest(file)
    return found


def check_tree(folder: Folder, entry: Entry) -> None:
    """Check that a backup is files and folders, and that nothing lies beside its data: programs of PostgreSQL follow every link.

    Raises:
        BackupDamaged: there is a link that is not of a tablespace, or something else that no backup has.
    """
    tree = data_of(folder, entry).parent
    links = tree / DATA / LINKS
    for base, folders, files in os.walk(tree):
        for name in (*folders, *files):
            path = f"{base}/{name}"
            mode = os.lstat(path).st_mode
            # what a link leads to could be another server's, or change after the proof
            own = stat.S_ISLNK(mode) and base == str(links) and _is_own_link(links / name, tree / TABLESPACES / name)
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or own):
                raise BackupDamaged(f"{path} is neither file nor folder: somebody put it there; use another chain")
    listed = entry.physical.configuration if entry.physical else None
    expected = {configuration_path(tree, file.path) for file in (listed.files if listed else ())}
    strange = [path for path in tree.iterdir() if path.name not in (DATA, TABLESPACES, CONFIGURATION)]
    strange += [path for path in (tree / CONFIGURATION).rglob("*") if path.is_file() and path not in expected]
    strange += [place for place in (tree / TABLESPACES).glob("*") if not (links / place.name).is_symlink()]
    if strange:
        raise BackupDamaged(f"{strange[0]} is of no backup: somebody put it there; use another chain")


def _is_own_link(link: Path, place: Path) -> bool:
    return link.readlink() == place and place.is_dir() and not place.is_symlink()


def check_rest(folder: Folder, entry: Entry) -> None:
    """Check what pg_verifybackup passes over: settings that ALTER SYSTEM made, files that begin a recovery, and the WAL.

    Raises:
        BackupDamaged: one is not as it was written, or was not there.
    """
    data = folder.path / entry.parts[0].file / DATA
    known = {name: checksum for name, _, checksum in manifest_files(folder, entry)}
    for name in PASSED_OVER:
        path = data / name
        if path.exists() != (name in known) or (path.is_file() and sha256(path.read_bytes()).hexdigest() != known[name]):
            raise BackupDamaged(f"{path} was edited or damaged: it is not what was written; use another chain")
    recorded = entry.physical.wal if entry.physical else {}
    if recorded and wal_hashes(data) != recorded:
        raise BackupDamaged(f"{data / WAL} was edited or damaged: it is not the WAL that was written; use another chain")


def manifest_files(folder: Folder, entry: Entry) -> list[tuple[str, int, str]]:
    """Return the files of a backup's manifest, beneath the data directory, each with its size in bytes and its checksum.

    Raises:
        BackupDamaged: the manifest is not the one that was written, or was not written by PostgreSQL.
    """
    manifest = check_manifest(folder, entry)
    files: list[tuple[str, int, str]] = []
    try:
        for file in json.loads(manifest)["Files"]:
            name = file["Path"] if "Path" in file else bytes.fromhex(file["Encoded-Path"]).decode(errors="surrogateescape")
            files.append((name, int(file["Size"]), str(file.get("Checksum"))))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        files = [("..", 0, "")]
    if any(name.startswith("/") or "\0" in name or ".." in name.split("/") for name, *_ in files):
        path = folder.path / entry.parts[0].file / DATA / MANIFEST
        raise BackupDamaged(f"{path} is no manifest that PostgreSQL writes; use another chain")
    return files


def configuration_path(tree: Path, path: str) -> Path:
    """Return where a configuration file from outside the data directory lies in the folder of a backup, or of a restored cluster.

    The path is absolute and has no ``..``: one of an entry was checked when the entry was read.
    """
    pure = PurePosixPath(path)
    return tree / CONFIGURATION / pure.relative_to(pure.anchor)


def read_configuration(folder: Folder, entry: Entry) -> dict[str, bytes]:
    """Return the configuration files from outside the data directory by their paths; they are what was written.

    Raises:
        BackupDamaged: one is missing, or another one.
    """
    configuration = entry.physical.configuration if entry.physical else None
    contents = {}
    for file in configuration.files if configuration else ():
        path = configuration_path(folder.path / entry.parts[0].file, file.path)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BackupDamaged(f"{path} cannot be read: {error.strerror}; use another backup") from None
        if sha256(content).hexdigest() != file.sha256:
            raise BackupDamaged(f"{path} was edited or damaged: it is not the configuration file that was taken; use another backup")
        contents[file.path] = content
    return contents
