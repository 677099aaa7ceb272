"""The names in an entry: ids, files, paths and places in the WAL, in the only forms that app_schema writes.

Everyone who may write to the backup folder or the bucket can write an entry. Its names are joined to paths, written into
configuration files and passed to programs, so an entry with a name of any other form is refused where it is read.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from app_schema.errors import BackupDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.backup.entry import Entry
    from app_schema.backup.holding import Configuration, Database, Physical


class Kind(StrEnum):
    """What was backed up: one database, its masked copy, every database with the roles, or the cluster's files."""

    DUMP = "dump"
    MASKED = "masked"
    SNAPSHOT = "snapshot"
    BASE = "base"
    INCREMENTAL = "incremental"


ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-(?:" + "|".join(Kind) + r")-[0-9a-f]{4}")
ENDING = re.compile(r"(\.[A-Za-z0-9_-]+)+")
LONGEST = 200  # characters of a file's name: the disk takes 255 bytes, and a draft has more before it
SHA256 = re.compile(r"[0-9a-f]{64}")
VERSION = re.compile(r"[1-9][0-9]{0,2}([.a-z][0-9A-Za-z.+~-]*)?")
LSN = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
SEGMENT = re.compile(r"[0-9A-F]{24}")
MAC = re.compile(r"[0-9a-f]{8}:[0-9a-f]{64}")
SYSTEM = re.compile(r"[0-9]{1,20}")
MAJOR = re.compile(r"[0-9]+")
SEGMENT_SIZES = tuple(1 << power for power in range(20, 31))  # initdb --wal-segsize: 1 MB to 1 GB
CLUSTER = (Kind.BASE, Kind.INCREMENTAL)
LOCALE = ("ENCODING", "LC_COLLATE", "LC_CTYPE", "LOCALE_PROVIDER", "ICU_LOCALE", "BUILTIN_LOCALE")  # clauses of CREATE DATABASE
SCHEMA = r"""(?:"(?:[^"\0]|"")*"|[^\s"',;\\\0]+)"""
SEARCH_PATH = re.compile(rf"(?:{SCHEMA}(?:\s*,\s*{SCHEMA})*)?")
PROVIDERS = ("libc", "icu", "builtin")


def is_id(name: str) -> bool:
    """Whether this is the id of a backup: its form fits, and its time exists."""
    if not ID.fullmatch(name):
        return False
    try:
        datetime.strptime(name[: len("20261122T030000Z")], "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 (only whether it can be read)
    except ValueError:
        return False
    return True


def major_version(version: str) -> int:
    """Return the major version of ``17.10`` or ``18beta1``."""
    found = MAJOR.match(version)
    assert found is not None  # noqa: S101 (an entry with another version is not read)
    return int(found[0])


def check(entry: Entry, entry_id: str) -> None:
    """Check every name of an entry.

    Args:
        entry: as it was read.
        entry_id: the id that the name of its file or object says.

    Raises:
        BackupDamaged: a name is of no form that app_schema writes; the line continues one that begins with the file's name.
    """
    if not is_id(entry.id) or entry.id != entry_id:
        raise BackupDamaged(f"is the entry of {entry.id!r} under another name; move it away")
    if entry.id.split("-")[1] != entry.kind or (entry.physical is not None) != (entry.kind in CLUSTER):
        raise BackupDamaged(f"is of kind {entry.kind} and does not hold what such a backup has; use another backup")
    for name, what in _wrong(entry):
        raise BackupDamaged(
            f"names {name!r}, which is no {what} of {entry.id}: the entry was not written by app_schema and nothing was done with it;"
            " check who may write there"
        )


def _wrong(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield each name that does not fit, and what it should be."""
    files = [part.file for part in entry.parts]
    yield from ((file, "file") for file in files if not _is_file(file, entry.id))
    yield from ((file, "second file") for file in files if files.count(file) > 1)
    if not files:
        yield "", "file"
    if entry.kind is not Kind.SNAPSHOT and len(files) > 1:
        yield files[1], "only file"
    if entry.kind in (Kind.DUMP, Kind.MASKED) and not all(part.database for part in entry.parts):
        yield files[0], "database's file"
    if not MAC.fullmatch(entry.mac or f"{'0' * 8}:{'0' * 64}"):
        yield str(entry.mac), "seal"
    hashes = [digest for part in entry.parts for digest in (part.sha256, part.plain_sha256) if digest is not None]
    yield from ((digest, "SHA-256") for digest in hashes if not SHA256.fullmatch(digest))
    yield from ((version, "version") for version in (entry.server_version, entry.client_version) if not VERSION.fullmatch(version))
    for database in (part.database for part in entry.parts if part.database):
        yield from _wrong_database(database)
    if entry.encryption not in (None, "age", "gpg"):
        yield str(entry.encryption), "encryption"
    if entry.system_identifier is not None and not SYSTEM.fullmatch(entry.system_identifier):
        yield entry.system_identifier, "system identifier"
    if entry.physical:
        yield from _wrong_place(entry.physical, entry.kind)
        if entry.physical.configuration:
            yield from _wrong_configuration(entry.physical.configuration)


def _wrong_database(database: Database) -> Iterator[tuple[str, str]]:
    """What of it is not quoted where it becomes SQL."""
    yield from ((clause, "clause of a locale") for clause in database.locale if clause not in LOCALE)
    yield from ((value, "locale") for value in database.locale.values() if not value.isprintable())
    if (provider := database.locale.get("LOCALE_PROVIDER", "libc")) not in PROVIDERS:
        yield provider, "provider of locales"
    if not SEARCH_PATH.fullmatch(database.search_path or ""):
        yield str(database.search_path), "search_path"


def _wrong_place(place: Physical, kind: Kind) -> Iterator[tuple[str, str]]:
    if (place.parent is not None) != (kind is Kind.INCREMENTAL) or (place.parent is not None and not is_id(place.parent)):
        yield str(place.parent), "parent"
    if not SYSTEM.fullmatch(place.system_identifier):
        yield place.system_identifier, "system identifier"
    yield from ((lsn, "place in the WAL") for lsn in (place.start_lsn, place.stop_lsn) if not LSN.fullmatch(lsn))
    if not SEGMENT.fullmatch(place.start_wal):
        yield place.start_wal, "WAL segment"
    if place.segment_bytes not in SEGMENT_SIZES:
        yield str(place.segment_bytes), "size of WAL segments"


def _wrong_configuration(configuration: Configuration) -> Iterator[tuple[str, str]]:
    paths = [configuration.data_directory, configuration.config_file, configuration.hba_file, configuration.ident_file]
    paths += [file.path for file in configuration.files] + [*configuration.folders]
    yield from ((path, "absolute path of a configuration file") for path in paths if not is_path(path))
    yield from ((file.sha256, "SHA-256") for file in configuration.files if not SHA256.fullmatch(file.sha256))


def is_path(path: str) -> bool:
    """Whether this is an absolute path without ``..`` and without control characters, which would begin a line in a file."""
    pure = PurePosixPath(path)
    return pure.is_absolute() and ".." not in pure.parts and not any(ord(letter) < ord(" ") or letter == "\x7f" for letter in path)


def _is_file(name: str, entry_id: str) -> bool:
    ending = name.removeprefix(entry_id)
    return len(name) <= LONGEST and ending != name and not name.endswith(".json") and ENDING.fullmatch(ending) is not None
