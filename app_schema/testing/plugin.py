"""The pytest plugin: fixtures and one option. What they need is imported by the first test that asks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from app_schema.testing.database import Database
    from app_schema.testing.run import Run


@pytest.fixture(scope="session")
def app_schema_server() -> Any:
    """The server to use: ``DATABASE_URL`` if marked disposable, else the embedded server, started.

    Override it to name another: return a URL, or a server of pytest-postgresql.
    """
    from app_schema.settings import Settings
    from app_schema.testing import server

    with _one_line():
        return server.choose(Settings.from_env())


@pytest.fixture(scope="session")
def app_schema_run(app_schema_server: Any) -> Iterator[Run]:
    """The kit's hold on the server, for fixtures of your own."""
    from app_schema.settings import Settings
    from app_schema.testing import run, server

    with _one_line():
        entered = run.begin(server.url_of(app_schema_server), Settings.from_env().schema_name)
        begun = entered.__enter__()
    yield begun
    entered.__exit__(None, None, None)


@pytest.fixture(scope="session")
def app_schema_worker_database(app_schema_run: Run) -> Iterator[Database]:
    """The database that this worker's sessions roll back in."""
    with _one_line():
        database = app_schema_run.create()
    yield database
    app_schema_run.drop(database)


@pytest.fixture
def app_schema_session(app_schema_worker_database: Database) -> Iterator[Session]:
    """A session at head, rolled back after the test; a commit inside is a savepoint."""
    from app_schema.testing import session

    with session.rolled_back(app_schema_worker_database.engine) as opened:
        yield opened


@pytest.fixture
def app_schema_database(app_schema_run: Run) -> Iterator[Database]:
    """A database of its own at head, dropped after the test."""
    with _one_line():
        database = app_schema_run.create()
    yield database
    app_schema_run.drop(database)


@contextmanager
def _one_line() -> Iterator[None]:
    from app_schema.errors import AppSchemaError

    try:
        yield
    except AppSchemaError as error:
        pytest.exit(f"app_schema: {error}", returncode=2)
