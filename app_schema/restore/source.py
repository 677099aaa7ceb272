"""What is restored from: checked against its SHA-256 before anything else, then in clear, in a file of mode 0600."""

from __future__ import annotations

import secrets
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from app_schema.backup import encryption, seal
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.names import ID, major_version
from app_schema.backup.programs import Programs
from app_schema.backup.seal import NotSealed
from app_schema.backup.steps import UNWATCHED
from app_schema.backup.stream import HashedWriter
from app_schema.backup.verify import check_part
from app_schema.errors import BackupDamaged, BackupUnknown, EncryptionError, ProgramMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.backup.folder import Folder
    from app_schema.backup.holding import Database, Part
    from app_schema.backup.steps import Steps
    from app_schema.settings import Settings

GOOD_FOR_LATEST = (Kind.DUMP, Kind.SNAPSHOT)
PLAIN = ".plain"
CIPHERS = {".gpg": "gpg", ".age": "age"}


@dataclass(frozen=True)
class Source:
    """A file to restore one database from.

    Attributes:
        folder: where it is decrypted.
        path: the file.
        entry: of the catalogue, None for a file that is not in it: nothing proves such a one, and a script can do
            whatever its user can, so only somebody you trust should have written it.
        part: of the entry.
        clear: whether it may be in clear although this machine has a key for backups.
    """

    folder: Folder
    path: Path
    entry: Entry | None = None
    part: Part | None = None
    clear: bool = False

    @classmethod
    def find(cls, folder: Folder, name: str, database: str, *, clear: bool = False) -> Source:
        """Find the backup of ``database`` that ``name`` means: ``latest``, an id or its beginning, or a path.

        Args:
            folder: where backups are.
            name: of the backup.
            database: which one of a snapshot.
            clear: whether it may be in clear although this machine has a key for backups.

        Raises:
            BackupUnknown: there is none, or it does not hold that database.
            BackupDamaged: its entry cannot be read.
            NotSealed: the folder has a key for seals, and nothing proves that the backup was sealed with it.
        """
        try:
            # no id has these letters
            path = Path(name).expanduser().absolute() if set(name) & set("/.") or (name != "latest" and Path(name).exists()) else None
        except (OSError, RuntimeError):  # too long, or ~ and a user that this machine does not have
            raise BackupUnknown("that is no path here; give the id of a backup, latest, or the path of a dump") from None
        if path:
            return replace(cls._of_file(folder, path, database), clear=clear)
        latest = name == "latest"
        kinds = GOOD_FOR_LATEST if latest else (*GOOD_FOR_LATEST, Kind.MASKED)
        entry = Catalogue(folder).find(name, kinds=kinds, database=database if latest else None)
        return replace(cls._of_entry(folder, folder.path, entry, database), clear=clear)

    @classmethod
    def _of_entry(cls, folder: Folder, place: Path, entry: Entry, database: str) -> Source:
        seal.check(folder.seal, entry)
        parts = {part.database.name: part for part in entry.parts if part.database}
        part = next(iter(parts.values())) if len(parts) == 1 else parts.get(database)
        if part is None:
            raise BackupUnknown(f"{entry.id} holds no database {database}; name one of {', '.join(parts)} with --database")
        return cls(folder, place / part.file, entry, part)

    @classmethod
    def _of_file(cls, folder: Folder, path: Path, database: str) -> Source:
        try:
            if path.is_dir():
                raise BackupUnknown(f"{path} is a folder: {_instead_of(path)}")
            if not path.is_file():
                raise BackupUnknown(f"{path} is no file; give the id of a backup, latest, or the path of a dump")
            path.open("rb").close()
        except OSError as error:
            raise BackupUnknown(f"{path} cannot be read: {error.strerror}; run as a user who may, or give another backup") from None
        match = ID.match(path.name)
        beside = path.with_name(f"{match[0]}.json") if match else None
        if beside and beside.is_file():  # a backup that was brought back from elsewhere, with its entry
            try:
                entry = Entry.unsealed(beside.read_bytes(), beside.stem)
            except BackupDamaged as damage:
                raise BackupDamaged(f"{beside} {damage}") from None
            seal.check(folder.seal, entry)
            part = next((part for part in entry.parts if part.file == path.name), None)
            return cls(folder, path, entry, part) if part and part.database else cls._of_entry(folder, path.parent, entry, database)
        if folder.seal:
            raise NotSealed(
                f"{path} has no entry beside it that a seal of {seal.VARIABLE} could prove: give --unsealed if you know where it comes from"
            )
        return cls(folder, path)

    @property
    def name(self) -> str:
        """What to call it."""
        return self.entry.id if self.entry else self.path.name

    @property
    def database(self) -> Database | None:
        """What it holds, if anybody knows."""
        return self.part.database if self.part else None

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """What keeps it from being the whole database, or a comparison with it from being whole; a line each."""
        lines = []
        if self.database and self.database.missing:
            lines.append(
                f"{self.name} is only a part of {self.database.name}: {len(self.database.missing)} things were left out when it was taken"
            )
        if self.entry and self.entry.kind is Kind.MASKED:
            lines.append("rows were counted and not compared: a masked copy has no hashes")
        return tuple(lines)

    @property
    def server_major(self) -> int:
        """The version of the server it was taken from, which is the oldest that one to restore it into may be; 0: unknown."""
        return major_version(self.entry.server_version) if self.entry else 0

    @property
    def client_major(self) -> int:
        """The version of the pg_dump that wrote it, which is the oldest that a pg_restore may be; 0: unknown."""
        return major_version(self.entry.client_version) if self.entry else 0

    def programs(self, server_major: int, *, tls: bool = False) -> Programs:
        """Return programs that read this backup and know a server of that version, which they reach encrypted if need be.

        Raises:
            ProgramMissing: there are none here.
        """
        zstd = bool(self.entry and self.entry.compression.startswith("zstd"))
        try:
            return Programs.find(max(self.client_major, server_major), tls=tls, zstd=zstd)
        except ProgramMissing:
            if not zstd:
                raise
            return Programs.find(self.client_major, tls=tls, zstd=True)  # an older pg_restore fills a newer server too

    @contextmanager
    def opened(self, settings: Settings, steps: Steps = UNWATCHED) -> Iterator[Path]:
        """Yield the file in clear; one of the catalogue is what was taken, to the last bit.

        Raises:
            BackupDamaged: the file is not what was written.
            EncryptionError: the key is missing or another one; or the file is in clear, and this machine has a key.
        """
        here = self.path.parent == self.folder.path
        encrypted = self.entry.encryption if self.entry else CIPHERS.get(self.path.suffix)
        if not encrypted and not self.clear and not self.folder.seal:  # a seal has proved where it comes from
            encryption.check_clear(settings, self.name)
        cipher = encryption.for_reading(settings, encrypted) if encrypted else None  # before all of it is read
        with self.folder.using(self.path.name) if here and self.path.exists() else nullcontext():
            if self.part:
                steps.begin("checking", self.part.bytes)
                check_part(self.path, self.part, steps)
            if cipher is None:
                yield self.path
            else:
                with self._decrypted(cipher, steps) as path:
                    yield path

    @contextmanager
    def _decrypted(self, cipher: encryption.Cipher, steps: Steps) -> Iterator[Path]:
        for path in self.folder.abandoned():  # what a killed restore left in clear goes first
            if path.suffix == PLAIN:
                path.unlink(missing_ok=True)
        with self.folder.draft(f"{self.path.name}.{secrets.token_hex(4)}{PLAIN}") as draft:
            steps.begin("decrypting", self.part.plain_bytes if self.part else None)
            with self.folder.writing(draft.path), self.path.open("rb") as stored:
                writer = HashedWriter(draft.file, steps)
                try:
                    cipher.decrypt(stored, writer)
                except EncryptionError as error:
                    raise EncryptionError(f"{self.path}: {error}; nothing was restored from it") from None
            if self.part and writer.sha256 != self.part.plain_sha256:
                raise BackupDamaged(f"{self.path} was opened and is not what was taken; nothing was restored from it")
            yield draft.path


def _instead_of(folder: Path) -> str:
    if (folder / "PG_VERSION").exists():
        return "the files of a cluster, which app-schema restore cluster brings back"
    if (folder / "toc.dat").exists():
        return f"a dump of pg_dump --format=directory: bring it back with: pg_restore --create --dbname=postgres {quote(str(folder))}"
    if any(ID.match(path.name) for path in folder.iterdir()):
        return "set APP_SCHEMA_BACKUP_DIR to it, and give latest or an id of app-schema backup list"
    return "give the path of one dump in it, the id of a backup, or latest"
