"""The pytest plugin: fixtures and one option.

Every run of pytest loads this module, so it imports nothing but pytest; what a fixture needs is
imported when the first test asks for it.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import Session

    from app_schema.testing.make import Make
    from app_schema.testing.run import Run
    from app_schema.testing.throwaway import Throwaway

OPTION = "--app-schema-keep"
FAILED = pytest.StashKey[bool]()
KEPT = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--app-schema-keep``."""
    group = parser.getgroup("app_schema", "throwaway databases of app_schema")
    group.addoption(OPTION, action="store_true", help="keep the database of a failed test for a week and say how to look at it")


@pytest.fixture(scope="session")
def app_schema_server() -> Any:
    """The server: ``DATABASE_URL`` if it is marked disposable, without one the embedded server, started and left running.

    Override it to name another: return a URL, or a server of pytest-postgresql.
    """
    from app_schema.settings import Settings
    from app_schema.testing import server

    with _in_one_line():
        return server.choose(Settings.from_env())


@pytest.fixture(scope="session")
def app_schema_run(app_schema_server: Any) -> Iterator[Run]:
    """What makes the databases, for fixtures of your own: ``create()``, ``drop(database)``."""
    from app_schema.settings import Settings
    from app_schema.testing import run, server

    with ExitStack() as open_until_the_end:
        with _in_one_line():
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

    with _in_one_line():
        database = app_schema_run.shared()
    if database.name not in app_schema_async_engines:
        app_schema_async_engines[database.name] = create_async_engine(database.url, schema=database.schema, poolclass=NullPool)
    with session.rolled_back_async(app_schema_async_engines[database.name], _is_wanted(request)) as opened:
        yield opened
    _keep_if_wanted(request, app_schema_run, database)


@pytest.fixture
def app_schema_schema(app_schema_run: Run) -> Iterator[Throwaway]:
    """A schema of its own at head, dropped after the test: ``.name``, ``.url``, ``.engine``."""
    with _in_one_line():
        schema = app_schema_run.create_schema()
    yield schema
    app_schema_run.drop_schema(schema)


@pytest.fixture
def app_schema_database(request: pytest.FixtureRequest, app_schema_run: Run) -> Iterator[Throwaway]:
    """A database of its own at head, dropped after the test: ``.name``, ``.url``, ``.engine``."""
    with _in_one_line():
        database = app_schema_run.create()
    yield database
    if not _keep_if_wanted(request, app_schema_run, database):
        app_schema_run.drop(database)


@pytest.fixture
def app_schema_make(app_schema_session: Session) -> Make:
    """Builders of valid rows in ``app_schema_session``: ``app_schema_make.room(status="waiting")``."""
    from app_schema.testing.make import Make

    return Make(app_schema_session)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember a failure for the fixtures, and hand what they kept to the report, which xdist carries to the terminal."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    if report.when == "teardown":
        report.app_schema_kept = item.stash.get(KEPT, [])  # type: ignore[attr-defined] # any attribute travels with a report
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect what was kept."""
    _kept.extend(getattr(report, "app_schema_kept", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was kept and how to look at it."""
    if _kept:
        terminalreporter.section("app_schema: databases kept for a week")
        for line in _kept:
            terminalreporter.write_line(line)


_kept: list[str] = []


def _session(request: pytest.FixtureRequest, run: Run, *, seeded: bool) -> Iterator[Session]:
    from app_schema.testing import session

    with _in_one_line():
        database = run.shared(seeded=seeded)
    with session.rolled_back(database.engine, _is_wanted(request)) as opened:
        yield opened
    _keep_if_wanted(request, run, database)


def _is_wanted(request: pytest.FixtureRequest) -> Callable[[], bool]:
    return lambda: bool(request.config.getoption(OPTION)) and request.node.stash.get(FAILED, False)


def _keep_if_wanted(request: pytest.FixtureRequest, run: Run, database: Throwaway) -> bool:
    from app_schema.testing import server

    wanted = _is_wanted(request)()
    if wanted:
        run.keep(database)
        request.node.stash.setdefault(KEPT, []).append(f"{request.node.nodeid}: {server.way_to(database.url, run.settings)}")
    return wanted


@contextmanager
def _in_one_line() -> Iterator[None]:
    from app_schema.errors import AppSchemaError

    try:
        yield
    except AppSchemaError as error:
        pytest.exit(f"app_schema: {error}", returncode=2)
