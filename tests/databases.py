"""Real servers and empty databases for tests; migrated ones come from the test kit."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, event, text

from app_schema.embedded import EmbeddedServer
from app_schema.engine import create_engine, quoted

numbers = count(1)


def make_home() -> Path:
    """Make a folder that the unprivileged account of a server may enter; pytest's own are 0700."""
    home = Path(tempfile.mkdtemp(prefix="app_schema-"))
    home.chmod(0o755)
    return home


def remove_home(home: Path) -> None:
    if home.is_dir():  # deleting the server takes an otherwise empty home with it
        EmbeddedServer(home).stop()
        shutil.rmtree(home)


@contextmanager
def administrator(url: URL) -> Iterator[Connection]:
    engine = create_engine(url.set(database="postgres"), schema="public", poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def hasten(connection: Connection) -> None:
    """Let a server of tests not wait for the disk: it need not survive a power cut."""
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
    connection.execute(text("SELECT pg_reload_conf()"))


@contextmanager
def new_database(url: URL, *, template: str = "template0", options: str = "") -> Iterator[URL]:
    """Create a database of its own; drop it afterwards, whoever is still connected."""
    name = f"test_{os.getpid()}_{next(numbers)}"
    with administrator(url) as connection:
        connection.execute(text(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)} {options}"))
        # a test that waits for another fails rather than hangs
        connection.execute(text(f"ALTER DATABASE {quoted(name)} SET lock_timeout = '30s'"))
        try:
            yield url.set(database=name)
        finally:
            connection.execute(text(f"DROP DATABASE {quoted(name)} WITH (FORCE)"))


def engine_of(url: URL, schema: str = "public") -> Engine:
    return create_engine(url, schema=schema, poolclass=NullPool)


def pool_of(url: URL) -> Engine:
    """Return an engine whose connections are kept, since a new one costs more than most tests; nothing of a session stays in them."""
    engine = create_engine(url, schema="public", connect_args={"prepare_threshold": None})
    event.listen(engine, "reset", _discard)
    return engine


def _discard(connection: Any, _record: Any, state: Any) -> None:
    if not state.terminate_only:
        connection.rollback()
        connection.autocommit = True  # DISCARD ALL refuses a transaction
        connection.execute("DISCARD ALL")
        connection.autocommit = False
