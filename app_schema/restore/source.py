"""What is restored from: checked against its SHA-256 before anything else, then in clear, in a file of mode 0600."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app_schema.backup import encryption
from app_schema.backup.stream import HashedWriter
from app_schema.backup.verify import check_part
from app_schema.errors import BackupDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from app_schema.backup.entry import Database, Entry, Part
    from app_schema.backup.folder import Folder
    from app_schema.settings import Settings


@dataclass(frozen=True)
class Source:
    """One database in a backup of the catalogue."""

    folder: Folder
    entry: Entry
    part: Part

    @property
    def database(self) -> Database:
        """What it holds."""
        assert self.part.database is not None  # noqa: S101 (it was chosen for its database)
        return self.part.database

    @property
    def server_major(self) -> int:
        """The version of the server it was taken from, which is the oldest that one to restore it into may be."""
        return int(self.entry.server_version.split(".")[0])

    @property
    def client_major(self) -> int:
        """The version of the pg_dump that wrote it, which is the oldest that a pg_restore may be."""
        return int(self.entry.client_version.split(".")[0])

    @contextmanager
    def opened(self, settings: Settings, report: Callable[[int], None] | None = None) -> Iterator[Path]:
        """Yield a file that pg_restore reads, which is what was taken to the last bit.

        Raises:
            BackupDamaged: the file is not what was written.
            EncryptionError: the key is missing or another one.
        """
        path = self.folder.path / self.part.file
        with self.folder.using(self.part.file):
            check_part(self.folder, self.part, report)
            if self.entry.encryption is None:
                yield path
                return
            cipher = encryption.for_reading(settings, self.entry.encryption)
            with self.folder.draft(f"{self.part.file}.{secrets.token_hex(4)}.plain") as draft:
                with self.folder.writing(draft.path), path.open("rb") as stored:
                    writer = HashedWriter(draft.file)
                    cipher.decrypt(stored, writer)
                if writer.sha256 != self.part.plain_sha256:
                    raise BackupDamaged(f"{path} was opened and is not what was taken; nothing was restored from it")
                yield draft.path
