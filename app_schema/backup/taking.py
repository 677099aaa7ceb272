"""A run that takes a backup: the only one of its kind in the folder, connected, with the programs and the cipher that it will use."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from app_schema.backup import encryption, origin
from app_schema.backup.catalogue import Catalogue, new_id
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.programs import Programs
from app_schema.engine import connect_to, database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import URL, Connection

    from app_schema.backup.encryption import Cipher
    from app_schema.backup.folder import Draft, Folder
    from app_schema.backup.holding import Part
    from app_schema.settings import Settings

ZSTD, GZIP = "zstd:1", "gzip"


@dataclass(frozen=True)
class Taking:
    """What one run works with.

    Attributes:
        url: the settings' database.
        connection: to it.
        programs: of a version that fits the server.
        cipher: None: the backup is left in clear.
        report: is told of the bytes as they come.
    """

    settings: Settings
    catalogue: Catalogue
    kind: Kind
    url: URL
    connection: Connection
    programs: Programs
    cipher: Cipher | None
    report: Callable[[int], None] | None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def id(self) -> str:
        """Of the backup to be."""
        return new_id(self.kind, self.started)

    @cached_property
    def compression(self) -> str:
        """What pg_dump is told: zstd where it can, else gzip."""
        return ZSTD if self.programs.has_zstd() else GZIP

    def file_name(self, ending: str) -> str:
        """Return the name of a file of this backup."""
        return f"{self.id}{ending}{self.cipher.suffix if self.cipher else ''}"

    @contextmanager
    def file(self, ending: str) -> Iterator[Draft]:
        """Open a file of this backup; what the disk refuses is one line."""
        folder = self.catalogue.folder
        with folder.draft(self.file_name(ending)) as draft, folder.writing(draft.path):
            yield draft

    def enter(self, parts: Sequence[tuple[Part, Draft]], *, compression: str | None = None, missing: tuple[str, ...] = ()) -> Entry:
        """Keep the files and write the entry, which makes it a backup."""
        cluster = origin.ask(self.connection)
        entry = self.catalogue.signed(
            Entry(
                id=self.id,
                kind=self.kind,
                started=self.started,
                finished=datetime.now(UTC),
                server=address(self.url),
                system_identifier=cluster.system_identifier,
                rescued=cluster.rescued,
                server_version=str(self.connection.exec_driver_sql("SHOW server_version").scalar_one()).split()[0],
                client_version=self.programs.version,
                compression=compression or self.compression,
                encryption=self.cipher.name if self.cipher else None,
                parts=tuple(part for part, _ in parts),
                missing=missing,
            )
        )
        self.catalogue.add(entry, [draft for _, draft in parts])
        return entry


@contextmanager
def begun(settings: Settings, folder: Folder, kind: Kind, report: Callable[[int], None] | None = None) -> Iterator[Taking]:
    """Begin a backup.

    Raises:
        BackupBusy: another one of this kind is running in this folder, and did not end in time.
        EncryptionError: the settings' key cannot be used.
        ServerUnreachable: the server or the database is not there.
        ProgramMissing: PostgreSQL's programs are not here, or too old for the server.
    """
    url = database_url(settings)
    catalogue = Catalogue(folder)
    cipher = encryption.for_writing(settings)
    _ = folder.seal  # a key that cannot be read ends it here, not after hours
    with folder.alone(kind):
        catalogue.sweep()
        with connect_to(url) as connection:
            yield Taking(
                settings, catalogue, kind, url, connection, Programs.find(major(connection), tls=encrypted(connection)), cipher, report
            )


def major(connection: Connection) -> int:
    """Return the server's major version."""
    return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000


def encrypted(connection: Connection) -> bool:
    """Whether a connection uses TLS: PostgreSQL's programs that cannot do it would connect in clear."""
    driver = connection.connection.driver_connection
    return driver is not None and bool(driver.pgconn.ssl_in_use)


def address(url: URL) -> str:
    """Return where a server is, without whoever connects to it."""
    host = url.host or url.query.get("host") or "localhost"
    port = url.port or url.query.get("port")
    return f"{host}:{port}" if port else str(host)
