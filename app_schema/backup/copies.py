"""What a bucket holds, and the way back from there: entries, the objects of a backup, and their bytes as a stream."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, NamedTuple

from app_schema.backup import chain, seal
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.event import Upload
from app_schema.backup.names import ID, is_id
from app_schema.backup.seal import NotSealed
from app_schema.backup.storage import SEAL, explained
from app_schema.errors import BackupDamaged, BackupError, BackupUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from app_schema.backup.seal import Seal
    from app_schema.backup.stream import Writable
    from app_schema.backup.upload import Bucket

LATEST = "latest"
SHORTEST = len("20261122")  # of an id's beginning
RANGE, WHOLE = 8 << 20, 64 << 20  # bytes of one request
WAITING = 64  # blocks of 256 kB that may wait to be written; with the ranges being read, about 100 MB of memory
AGAIN = "what came whole is kept; run it again to go on"


class FetchFailed(BackupError):
    """The backup could not be brought back from the bucket; what came whole is kept."""


class Stored(NamedTuple):
    """An object: its name beneath the prefix, its size in bytes, and when it was written."""

    name: str
    bytes: int
    modified: datetime


class Copy(NamedTuple):
    """A backup in the bucket by its names alone; ``whole`` if its entry is there, which is sent last."""

    id: str
    kind: Kind
    taken: datetime
    bytes: int
    whole: bool


@dataclass(frozen=True)
class Copies:
    """The backups in a bucket; it is listed once.

    Attributes:
        seal: what proves where entries come from; None where nothing does.
    """

    bucket: Bucket
    seal: Seal | None = None

    @property
    def url(self) -> str:
        """Where they are."""
        return f"s3://{self.bucket.name}/{self.bucket.prefix}".rstrip("/")

    @cached_property
    def objects(self) -> dict[str, Stored]:
        """All objects of dumps and clusters, by name; the WAL is :meth:`beneath` another prefix."""
        return self._listed("", Delimiter="/")

    def beneath(self, name: str) -> dict[str, Stored]:
        """Return the objects whose names begin with ``name``, by what follows it.

        Raises:
            FetchFailed: the bucket cannot be listed.
        """
        return self._listed(name)

    @cached_property
    def backups(self) -> tuple[Copy, ...]:
        """Every backup, oldest first."""
        sizes: dict[str, int] = {}
        for stored in self.objects.values():
            if (match := ID.match(stored.name)) and is_id(match[0]):
                sizes[match[0]] = sizes.get(match[0], 0) + stored.bytes
        return tuple(
            Copy(
                name, _kind(name), datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), size, f"{name}.json" in self.objects
            )
            for name, size in sorted(sizes.items())
        )

    def ids(self, kinds: Collection[Kind]) -> list[str]:
        """Return the ids of all that have an entry, oldest first."""
        return [copy.id for copy in self.backups if copy.whole and copy.kind in kinds]

    def find(self, name: str) -> Entry:
        """Return the entry of the backup of that id, or its beginning if that is one of its own.

        Raises:
            BackupUnknown: there is none, or several begin so.
            BackupDamaged: its entry is not what was written.
        """
        found = [
            entry_id for entry_id in self.ids(tuple(Kind)) if entry_id == name or (len(name) >= SHORTEST and entry_id.startswith(name))
        ]
        if len(found) > 1:
            raise BackupUnknown(f"{name} is the beginning of {len(found)} backups: {', '.join(found)}")
        if not found:
            begun = any(copy.id.startswith(name) for copy in self.backups) and len(name) >= SHORTEST
            why = "the copy has no entry, so it was never finished" if begun else "there is no such backup"
            raise BackupUnknown(f"{name} is not in {self.url}: {why}; app-schema backup fetch --list shows what there is")
        return self.entry(found[0])

    def newest_first(self, kinds: Collection[Kind], say: Callable[[str], None]) -> Iterator[Entry]:
        """Read entries as they are asked for; ``say`` is told which are passed over: those that cannot be used or are of a rescued copy.

        Raises:
            FetchFailed: one cannot be read.
        """
        for _, same_second in groupby(reversed(self.ids(kinds)), key=itemgetter(slice(len("20261122T030000Z")))):
            entries = []
            for entry_id in same_second:
                try:
                    entry = self.entry(entry_id)
                except (BackupDamaged, NotSealed) as damage:
                    say(f"{entry_id} was passed over: {damage}")
                    continue
                if entry.rescued:
                    say(f"{entry_id} was passed over: it was taken from a rescued copy; name it by its id")
                else:
                    entries.append(entry)
            yield from sorted(entries, key=attrgetter("started"), reverse=True)

    def latest(self, kinds: Collection[Kind], database: str | None, say: Callable[[str], None]) -> Entry:
        """Return the newest whole backup of these kinds, one of ``database`` if that is given; a partial one only if none is whole.

        Raises:
            BackupUnknown: there is none.
        """
        partial: Entry | None = None
        others: set[str] = set()
        for entry in self.newest_first(kinds, say):
            if database is not None and database not in entry.databases:
                others.update(entry.databases)
            elif entry.status == "complete":
                return entry
            else:
                partial = partial or entry
        if partial:
            return partial
        hint = "check APP_SCHEMA_BACKUP_S3_URL"
        if others:
            hint = f"there are those of {', '.join(sorted(others))}: name one by its id"
        elif self.ids(chain.KINDS):
            hint = "there are base backups: app-schema backup fetch --cluster"
        raise BackupUnknown(f"there is no {' or '.join(kinds)}{f' of database {database}' if database else ''} in {self.url}; {hint}")

    def entry(self, entry_id: str) -> Entry:
        """Read an entry, which says then that there is this copy of it.

        Raises:
            BackupDamaged: it is not what was written, or names a file that is not of this backup.
            FetchFailed: it cannot be read.
            NotSealed: there is a key for seals, and nothing proves that the entry was sealed with it.
        """
        name = f"{entry_id}.json"
        with self._reaching(name):
            answer = self.bucket.client.get_object(Bucket=self.bucket.name, Key=self.bucket.key(name))
            stored = answer["Body"].read()
        where = f"{self.url}/{name}"
        try:
            entry = Entry.unsealed(stored, entry_id)
        except BackupDamaged as damage:
            raise BackupDamaged(f"{where} {damage}") from None
        seal.check(self.seal, entry)
        copy = Upload(
            at=answer["LastModified"], url=where, versioning=self._versioning, server_side_encryption=answer.get("ServerSideEncryption")
        )
        return entry.model_copy(update={"uploads": (*entry.uploads, copy)})

    def download(
        self, names: Iterable[str], target: Writable, report: Callable[[int], None] | None = None, *, threads: bool = True
    ) -> None:
        """Write objects one after the other, as they come.

        Args:
            names: of the objects, beneath the prefix.
            target: is written to in order, whatever the order in which ranges come.
            report: is told of the bytes as they come.
            threads: read several ranges at once; a small object is quicker without.

        Raises:
            FetchFailed: the storage cannot be reached or refused.
            OSError: the target cannot be written.
        """
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 (an optional extra, and slow to load)

        config = TransferConfig(
            multipart_chunksize=RANGE if threads else WHOLE, max_concurrency=4, max_io_queue=WAITING, use_threads=threads
        )
        for name in names:
            with self._reaching(name):
                self.bucket.client.download_fileobj(
                    self.bucket.name, self.bucket.key(name), _InOrder(target), Callback=report, Config=config
                )

    def seal_of(self, name: str) -> str | None:
        """Return the seal that an object was sent with.

        Raises:
            FetchFailed: the storage cannot be reached or refused.
        """
        with self._reaching(name):
            answer = self.bucket.client.head_object(Bucket=self.bucket.name, Key=self.bucket.key(name))
        sent = answer.get("Metadata", {}).get(SEAL)
        return str(sent) if sent else None

    def _listed(self, beneath: str, **options: str) -> dict[str, Stored]:
        prefix = self.bucket.key(beneath)
        with self._reaching(""):
            pages = self.bucket.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket.name, Prefix=prefix, **options)
            found = [each for page in pages for each in page.get("Contents", ())]
        return {name: Stored(name, each["Size"], each["LastModified"]) for each in found if (name := each["Key"].removeprefix(prefix))}

    @cached_property
    def _versioning(self) -> bool:
        """Whether the bucket is known to keep versions; who may only read may not ask."""
        from botocore.exceptions import ClientError  # noqa: PLC0415

        try:
            return bool(self.bucket.client.get_bucket_versioning(Bucket=self.bucket.name).get("Status") == "Enabled")
        except ClientError:
            return False

    @contextmanager
    def _reaching(self, name: str) -> Iterator[None]:
        """Turn what the storage says into one line."""
        from boto3.exceptions import Boto3Error, RetriesExceededError  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError) as error:
            cause = error.last_exception if isinstance(error, RetriesExceededError) else error
            says = explained(cause, self.bucket.name)
            raise FetchFailed(f"{f'{self.url}/{name}'.rstrip('/')} could not be read: {says}; {AGAIN}") from None


class _InOrder:
    """Something that boto3 can only write to from the beginning to the end."""

    def __init__(self, target: Writable) -> None:
        self._target = target

    def write(self, data: bytes, /) -> object:
        return self._target.write(data)


def _kind(entry_id: str) -> Kind:
    return Kind(entry_id.split("-")[1])
