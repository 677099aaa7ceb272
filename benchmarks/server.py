"""The embedded server that benchmarks run on."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app_schema.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def running() -> Iterator[EmbeddedServer]:
    """Start a server of its own, and remove it after the block."""
    with tempfile.TemporaryDirectory(prefix="app_schema-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # for the account that the server runs as
        server = EmbeddedServer(home / "server")
        server.start()
        try:
            yield server
        finally:
            server.delete()
