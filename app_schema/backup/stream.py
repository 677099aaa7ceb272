"""From a program's output to a file, hashed on the way: SHA-256 costs no second pass, before encryption or after it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from app_schema.backup.encryption import Cipher

BLOCK = 1 << 20


class Readable(Protocol):
    """What can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes, none at the end."""


class Writable(Protocol):
    """What can be written to."""

    def write(self, data: bytes, /) -> object:
        """Write some or all of it."""


class Hashed:
    """Counts and hashes what passes."""

    def __init__(self, report: Callable[[int], None] | None = None) -> None:
        self._hash = hashlib.sha256()
        self._report = report
        self.bytes = 0

    @property
    def sha256(self) -> str:
        """The hash so far, in hex."""
        return self._hash.hexdigest()

    def note(self, data: bytes) -> bytes:
        """Count and hash a block."""
        self._hash.update(data)
        self.bytes += len(data)
        if self._report:
            self._report(len(data))
        return data


class HashedReader(Hashed):
    """Hashes what is read."""

    def __init__(self, source: Readable, report: Callable[[int], None] | None = None) -> None:
        super().__init__(report)
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        """Read as the source does."""
        return self.note(self._source.read(size))


class HashedWriter(Hashed):
    """Hashes what is written, all of it."""

    def __init__(self, target: Writable, report: Callable[[int], None] | None = None) -> None:
        super().__init__(report)
        self._target = target

    def write(self, data: bytes, /) -> int:
        """Write the whole of it."""
        left = memoryview(data)
        while left:
            left = left[self._written(left) :]
        self.note(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def _written(self, data: memoryview) -> int:
        written = self._target.write(data)  # type: ignore[arg-type]  # an unbuffered file may write less than it was given
        return written if isinstance(written, int) else len(data)


class Stored(NamedTuple):
    """What was written: bytes and SHA-256 as stored, and before encryption when there was any."""

    bytes: int
    sha256: str
    plain_bytes: int | None
    plain_sha256: str | None


def store(source: Readable, target: Writable, cipher: Cipher | None, report: Callable[[int], None] | None = None) -> Stored:
    """Copy ``source`` to ``target``, through ``cipher`` if given; ``report`` is told of the bytes as they come.

    Raises:
        EncryptionError: the cipher failed.
        OSError: the target cannot be written.
    """
    writer = HashedWriter(target)
    if cipher is None:
        copy(source, writer, report)
        return Stored(writer.bytes, writer.sha256, None, None)
    reader = HashedReader(source, report)
    cipher.encrypt(reader, writer)
    return Stored(writer.bytes, writer.sha256, reader.bytes, reader.sha256)


def copy(source: Readable, target: Writable, report: Callable[[int], None] | None = None) -> None:
    """Copy block by block."""
    while block := source.read(BLOCK):
        target.write(block)
        if report:
            report(len(block))


def digest(source: Readable, report: Callable[[int], None] | None = None) -> str:
    """Return the SHA-256 of what is left in ``source``, in hex."""
    reader = HashedReader(source, report)
    while reader.read(BLOCK):
        pass
    return reader.sha256
