"""stdout and stderr that never stop a command: what they cannot encode is escaped, what they do not take is dropped."""

from __future__ import annotations

import codecs
import errno
import io
import select
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer

ESCAPED_ASCII = "escaped_ascii"  # Click takes a stream named ascii for a mistake, and writes UTF-8 to it


@dataclass
class Streams:
    """What became of the output of a command."""

    stdout: File | None = None

    def lost(self) -> str | None:
        """Return why stdout did not take everything; None if it did, or if its reader closed the pipe, which is no failure."""
        if sys.stdout is not None:
            sys.stdout.flush()
        error = self.stdout.error if self.stdout else None
        return None if error is None or error.errno == errno.EPIPE else str(error.strerror)


class File(io.FileIO):
    """A file descriptor that keeps its first error, and drops what is written after it.

    A backup that is taken goes on when the disk of its log is full, and so does a receiver of WAL whose pipe was closed.
    """

    error: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some of the bytes; return how many were written or dropped."""
        while self.error is None:
            try:
                written = super().write(data)
            except OSError as error:
                self.error = error
            else:
                if written is not None:
                    return written
                select.select([], [self], [])  # another program made the descriptor non-blocking
        return len(memoryview(data))


@contextmanager
def tolerant() -> Iterator[Streams]:
    """Replace the process's own stdout and stderr in the block; those of a test, or closed ones, stay as they are."""
    before = sys.stdout, sys.stderr
    codecs.register(_find)
    streams = Streams()
    try:
        if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
            streams.stdout = File(sys.stdout.fileno(), "wb", closefd=False)
            sys.stdout = _text(sys.stdout, streams.stdout)
        if isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
            sys.stderr = _text(sys.stderr, File(sys.stderr.fileno(), "wb", closefd=False))
        yield streams
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        sys.stdout, sys.stderr = before
        codecs.unregister(_find)


def _text(like: io.TextIOWrapper, file: File) -> io.TextIOWrapper:
    encoding = codecs.lookup(like.encoding).name
    errors = like.errors if encoding == "utf-8" and like.errors == "surrogateescape" else "backslashreplace"
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding=ESCAPED_ASCII if encoding == "ascii" else like.encoding,
        errors=errors,
        line_buffering=like.line_buffering,
    )


def _find(name: str) -> codecs.CodecInfo | None:
    if name != ESCAPED_ASCII:
        return None
    ascii_ = codecs.lookup("ascii")
    return codecs.CodecInfo(
        ascii_.encode, ascii_.decode, incrementalencoder=ascii_.incrementalencoder, incrementaldecoder=ascii_.incrementaldecoder, name=name
    )
