import pytest
from databases import engine_of, new_database, pool_of
from machine import describe
from sqlalchemy import text

pytest_plugins = ["buckets", "home", "operating"]


@pytest.fixture(scope="session")
def server(app_schema_run):
    """The embedded server of this checkout's tests, as its superuser's URL."""
    return app_schema_run.server


@pytest.fixture
def database(server):
    """An empty database's URL."""
    with new_database(server) as url:
        yield url


@pytest.fixture
def engine(app_schema_run, app_schema_database):
    """A migrated database that the test may commit to; one that waits for a lock fails rather than hangs."""
    app_schema_run.connection.execute(text(f"ALTER DATABASE {app_schema_database.name} SET lock_timeout = '30s'"))
    return engine_of(app_schema_database.url)


@pytest.fixture(scope="session")
def migrated(app_schema_run):
    """A migrated database that no test commits to; its connections are as new for every test."""
    database = app_schema_run.create()
    engine = pool_of(database.url)
    yield engine
    engine.dispose()
    app_schema_run.drop(database)


@pytest.fixture
def connection(migrated):
    """A connection to a migrated database, rolled back after the test."""
    with migrated.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def pytest_terminal_summary(terminalreporter):
    """On what the tests ran, and what surviving every fault of a recovery costs: it has to stay affordable."""
    for line in describe():
        terminalreporter.write_line(line)
    reports = [report for kind in ("passed", "failed", "") for report in terminalreporter.stats.get(kind, [])]
    for line in [value for report in reports if report.when == "call" for name, value in report.user_properties if name == "summary"]:
        terminalreporter.write_line(line)
    seconds = sum(report.duration for report in reports if "tests/recovery/" in report.nodeid)
    if seconds:
        terminalreporter.write_line(f"faults of recovery: {seconds:.0f} s")
