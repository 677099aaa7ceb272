"""Real servers, each in a folder that the server's account can enter (which tmp_path is not, for root)."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app_schema.embedded import EmbeddedServer


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="es-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for lock in list(folder.rglob("lock")):
        EmbeddedServer(lock.parent).delete()
    shutil.rmtree(folder)


@pytest.fixture
def server(place: Path) -> EmbeddedServer:
    return EmbeddedServer(place / "home")


@pytest.fixture
def query() -> Callable[..., list[tuple]]:
    def run(server: EmbeddedServer, sql: str) -> list[tuple]:
        url = server.url("postgres").set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return run
