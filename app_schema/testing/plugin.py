"""The pytest plugin: fixtures and one option.

Every run of pytest loads this module, so it imports nothing but pytest; what a fixture needs is
imported when the first test asks for it.
"""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from app_schema.testing.report import FAILED, KEPT, Maker, Terminal, in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import Session

    from app_schema.testing.make import Make
    from app_schema.testing.run import Run
    from app_schema.testing.throwaway import Throwaway

OPTION = "--app-schema-keep"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--app-schema-keep``."""
    group = parser.getgroup("app_schema", "throwaway databases of app_schema")
    group.addoption(OPTION, action="store_true", help="keep the database of a failed test for a week and say how to look at it")


def pytest_configure(config: pytest.Config) -> None:
    """Listen to the reports: in a worker of xdist as they are made, in the process that has the terminal as they arrive."""
    config.pluginmanager.register(Maker())
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Terminal())


@pytest.fixture(scope="session")
def app_schema_server(pytestconfig: pytest.Config) -> Any:
    """The server: ``DATABASE_URL`` if it is marked disposable, without one the embedded server, started and left running.

    Override it to name another: return a URL, or a server of pytest-postgresql.
    """
    from app_schema.settings import Settings
    from app_schema.testing import server

    with in_one_line(pytestconfig):
        return server.choose(Settings.from_env())


@pytest.fixture(scope="session")
def app_schema_run(pytestconfig: pytest.Config, app_schema_server: Any) -> Iterator[Run]:
    """What makes the databases, for fixtures of your own: ``create()``, ``drop(database)``."""
    from app_schema.settings import Settings
    from app_schema.testing import run, server

    with ExitStack() as open_until_the_end:
        with in_one_line(pytestconfig):
            begun = run.begin(server.url_of(app_schema_server), Settings.from_env())
            entered = open_until_the_end.enter_context(begun)
        yield entered


@pytest.fixture
def app_schema_session(request: pytest.FixtureRequest, app_schema_run: Run) -> Iterator[Session]:
    """A session at head, rolled back after the test; a commit inside the test is a savepoint."""
    yield from _session(request, app_schema_run, seeded=False)


@pytest.fixture
def app_schema_seeded(request: pytest.FixtureRequest, app_schema_run: Run) -> Iterator[Session]:
    """A session among the rows of the seeds, rolled back after the test."""
    if find_spec("faker") is None:
        pytest.fail("app_schema_seeded needs Faker; install it with: pip install 'app-schema[seeds]'", pytrace=False)
    yield from _session(request, app_schema_run, seeded=True)


@pytest.fixture(scope="session")
def app_schema_async_engines() -> dict[str, AsyncEngine]:
    """Async engines by database, so that one is prepared once and not by every test."""
    return {}


@pytest.fixture
def app_schema_async_session(
    request: pytest.FixtureRequest, app_schema_run: Run, app_schema_async_engines: dict[str, AsyncEngine]
) -> Iterator[AsyncSession]:
    """An async session, otherwise as ``app_schema_session``; for pytest-asyncio in either mode, anyio, or ``asyncio.run``."""
    from sqlalchemy import NullPool

    from app_schema.engine import create_async_engine
    from app_schema.testing import session

    with in_one_line(request.config):
        database = app_schema_run.shared()
    if database.name not in app_schema_async_engines:
        app_schema_async_engines[database.name] = create_async_engine(database.url, schema=database.schema, poolclass=NullPool)
    with session.rolled_back_async(app_schema_async_engines[database.name], _is_wanted(request)) as opened:
        yield opened
    _keep_if_wanted(request, app_schema_run, database)


@pytest.fixture
def app_schema_schema(request: pytest.FixtureRequest, app_schema_run: Run) -> Iterator[Throwaway]:
    """A schema of its own at head, dropped after the test: ``.name``, ``.url``, ``.engine``."""
    with in_one_line(request.config):
        database = app_schema_run.shared()
        schema = app_schema_run.create_schema()
    yield schema
    schema.close()
    if not _keep_if_wanted(request, app_schema_run, database, at=schema):
        app_schema_run.drop_schema(schema)


@pytest.fixture
def app_schema_database(request: pytest.FixtureRequest, app_schema_run: Run) -> Iterator[Throwaway]:
    """A database of its own at head, dropped after the test: ``.name``, ``.url``, ``.engine``."""
    with in_one_line(request.config):
        database = app_schema_run.create()
    yield database
    if not _keep_if_wanted(request, app_schema_run, database):
        app_schema_run.drop(database)


@pytest.fixture
def app_schema_make(app_schema_session: Session) -> Make:
    """Builders of valid rows in ``app_schema_session``: ``app_schema_make.room(status="waiting")``."""
    from app_schema.testing.make import Make

    return Make(app_schema_session)


def _session(request: pytest.FixtureRequest, run: Run, *, seeded: bool) -> Iterator[Session]:
    from app_schema.testing import session

    with in_one_line(request.config):
        database = run.shared(seeded=seeded)
    with session.rolled_back(database.engine, _is_wanted(request)) as opened:
        yield opened
    _keep_if_wanted(request, run, database)


def _is_wanted(request: pytest.FixtureRequest) -> Callable[[], bool]:
    return lambda: bool(request.config.getoption(OPTION)) and request.node.stash.get(FAILED, False)


def _keep_if_wanted(request: pytest.FixtureRequest, run: Run, database: Throwaway, *, at: Throwaway | None = None) -> bool:
    from app_schema.testing import server

    wanted = _is_wanted(request)()
    if wanted:
        run.keep(database)
        request.node.stash.setdefault(KEPT, []).append(f"{request.node.nodeid}: {server.way_to((at or database).url, run.settings)}")
    return wanted
