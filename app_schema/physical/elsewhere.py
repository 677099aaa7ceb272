"""Copies of clusters and WAL in S3-compatible storage, encrypted on the way out.

A base or an incremental goes as a tar archive in pieces, so that no second copy of it is ever on the disk. ``backup fetch``
brings it back; without us, ``cat ID.cluster.tar.age.* | age -d -i KEY | tar -x`` in the backup folder, its entry beside it.
"""

from __future__ import annotations

import os
import tarfile
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Self

from app_schema.backup import encryption, seal
from app_schema.backup.pipe import piped
from app_schema.backup.storage import explained
from app_schema.backup.stream import HashedReader, copy
from app_schema.backup.upload import UploadFailed, send
from app_schema.backup.upload import upload as send_backup
from app_schema.embedded import private
from app_schema.physical import archive
from app_schema.physical.base import programs_for
from app_schema.physical.proof import prove
from app_schema.physical.segments import HISTORY, SEGMENT, written

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from app_schema.backup.catalogue import Catalogue
    from app_schema.backup.encryption import Cipher
    from app_schema.backup.entry import Entry
    from app_schema.backup.folder import Draft, Folder
    from app_schema.backup.holding import Part
    from app_schema.backup.stream import Readable, Writable
    from app_schema.backup.upload import Bucket
    from app_schema.settings import Settings

PIECE_BYTES = 1 << 30
TAIL, SENT = "newest.partial", ".newest.sent"
SECONDS_BETWEEN_TAILS = 60
WAL_UPLOAD = "upload of WAL"


def upload(settings: Settings, catalogue: Catalogue, entry: Entry, bucket: Bucket) -> Entry:
    """Prove a base or an incremental, copy it and then its entry, and note it in the catalogue; return the entry as it is now.

    Raises:
        BackupDamaged: it is not what was written; nothing was sent.
        UploadFailed: the storage cannot be reached, refused, or holds something else than what was sent.
        EncryptionError: the settings' key cannot be used.
    """
    folder, cipher = catalogue.folder, encryption.for_writing(settings)
    prove(folder, entry, programs_for(entry))

    def send_tree(part: Part) -> str | None:
        with _Pieces(folder, f"{part.file}.tar{cipher.suffix if cipher else ''}", bucket) as pieces, folder.using(part.file):
            piped(partial(_pack, folder.path / part.file), lambda source: _encrypt(source, pieces, cipher))
        return pieces.encryption

    return send_backup(catalogue, entry, bucket, send_part=send_tree)


def upload_wal(settings: Settings, folder: Folder, bucket: Bucket, *, wait: float | None = None) -> int:
    """Copy all whole segments and histories that the storage does not hold yet; return how many they were.

    What there is of the unfinished one goes along, under a name of its own and at most once a minute. Another upload of WAL in this folder
    is waited for, at most ``wait`` seconds (None: :data:`.patience.SECONDS`).

    Raises:
        UploadFailed: the storage cannot be reached, refused, or holds something else than what was sent.
        BackupBusy: another upload of WAL did not end in time.
    """
    with folder.alone(WAL_UPLOAD, wait=wait):
        return _upload_wal(settings, folder, bucket)


def _upload_wal(settings: Settings, folder: Folder, bucket: Bucket) -> int:
    from boto3.exceptions import Boto3Error  # noqa: PLC0415 (an optional extra, and slow to load)
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    cipher = encryption.for_writing(settings)
    suffix = cipher.suffix if cipher else ""
    count = 0
    try:
        for place in archive.clusters(settings, folder):
            there = _names(bucket, f"{archive.WAL}/{place.name}/")
            for path in sorted(path for path in place.rglob("*") if _is_whole(path.name) and _is_file(path)):
                if f"{path.name}{suffix}" in there:
                    continue
                with folder.draft(f"{path.name}{suffix}.copy") as draft, archive.opened(path) as file:
                    source = HashedReader(file)
                    with folder.writing(draft.path):
                        _encrypt(source, draft.file, cipher)
                    mark = wal_seal(folder, place.name, path.name, source.sha256)
                    send(bucket, draft.path, f"{archive.WAL}/{place.name}/{path.name}{suffix}", None, seal=mark)
                count += 1
            _send_tail(folder, place, bucket, cipher)
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise UploadFailed(
            f"WAL could not be copied to s3://{bucket.name}: {explained(error, bucket.name)}; it is sent with the next: backup upload --wal"
        ) from None
    return count


def _send_tail(folder: Folder, place: Path, bucket: Bucket, cipher: Cipher | None) -> None:
    """Copy what was written of the unfinished segment, if that is news; its own header says which one it is."""
    path = max((path for path in place.glob(f"*{archive.PARTIAL}") if _is_file(path)), default=None)
    note = place / SENT
    if note.is_dir():
        note.rmdir()
    known = _is_file(note)  # else it is news
    if path is None or (known and time.time() - note.stat().st_mtime < SECONDS_BETWEEN_TAILS):
        return
    with archive.opened(path) as source:
        trace = f"{path.name} {os.fstat(source.fileno()).st_mtime_ns}"
        if known and note.read_text(encoding="utf-8", errors="replace") == trace:
            return
        name = f"{TAIL}{cipher.suffix if cipher else ''}"
        with folder.draft(f"{name}.copy") as draft:
            written_part = HashedReader(_Written(source))
            with folder.writing(draft.path):
                _encrypt(written_part, draft.file, cipher)
            mark = wal_seal(folder, place.name, TAIL, written_part.sha256)
            send(bucket, draft.path, f"{archive.WAL}/{place.name}/{name}", None, seal=mark)
    private.write(note, trace)


def wal_seal(folder: Folder, system: str, name: str, digest: str) -> str | None:
    """Return the seal of a file of WAL in clear, if the folder has a key."""
    return folder.seal.of(seal.WAL, sealed_wal(system, name, digest)) if folder.seal else None


def sealed_wal(system: str, name: str, digest: str) -> bytes:
    """Return what the seal of a file of WAL is over: of which cluster, its name, and its SHA-256 in clear."""
    return f"{system}/{name} {digest}".encode()


class _Written:
    """A file without the zeros at its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._left = file, written(file)
        file.seek(0)

    def read(self, size: int = -1, /) -> bytes:
        """Read on."""
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data


def _is_file(path: Path) -> bool:
    """Whether it is a file itself: the server's account may write there, and could have placed a link, a pipe or a folder."""
    return path.is_file() and not path.is_symlink()


def _is_whole(name: str) -> bool:
    return bool((SEGMENT.fullmatch(name) and not name.endswith(archive.PARTIAL)) or HISTORY.fullmatch(name))


def _names(bucket: Bucket, beneath: str) -> set[str]:
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, Prefix=bucket.key(beneath))
    return {each["Key"].rpartition("/")[2] for page in pages for each in page.get("Contents", ())}


def _encrypt(source: Readable, target: Writable, cipher: Cipher | None) -> None:
    cipher.encrypt(source, target) if cipher else copy(source, target)


def _pack(tree: Path, target: BinaryIO) -> None:
    with tarfile.open(fileobj=target, mode="w|") as tar:
        tar.add(tree, tree.name)


class _Pieces:
    """Sends what is written to it in pieces, each a file of its own for as long as that takes."""

    def __init__(self, folder: Folder, name: str, bucket: Bucket) -> None:
        self._folder, self._name, self._bucket = folder, name, bucket
        self._number, self._room = 0, 0
        self._draft: Draft | None = None
        self._open = ExitStack()
        self.encryption: str | None = None

    def write(self, data: bytes, /) -> int:
        """Write the whole of it."""
        left = memoryview(data)
        while left:
            if self._room == 0:
                self._next()
            assert self._draft is not None  # noqa: S101 (just opened)
            with self._folder.writing(self._draft.path):
                written = self._draft.file.write(left[: self._room])
            self._room -= written
            left = left[written:]
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._send()
        self._open.close()

    def _next(self) -> None:
        self._send()
        name = f"{self._name}.{self._number:04d}"
        self._draft = self._open.enter_context(self._folder.draft(f"{name}.copy"))
        self._number, self._room = self._number + 1, PIECE_BYTES

    def _send(self) -> None:
        if self._draft:
            name = self._draft.name.removesuffix(".copy")
            self.encryption = send(self._bucket, self._draft.path, name, None)
            self._open.close()
            self._draft = None
