import os
from pathlib import Path

import pytest
from databases import HOME, engine_of, make_home, migrated_template, new_database, remove_home

from app_schema.embedded import EmbeddedServer


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        os.environ.pop("DATABASE_URL", None)
        os.environ[HOME] = str(make_home())


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        remove_home(Path(os.environ.pop(HOME)))


@pytest.fixture(scope="session")
def server():
    """The embedded server of this run, as its superuser's URL."""
    server = EmbeddedServer(Path(os.environ[HOME]))
    server.start()
    return server.url("postgres")


@pytest.fixture
def database(server):
    """An empty database's URL."""
    with new_database(server) as url:
        yield url


@pytest.fixture
def engine(server):
    """A migrated database that the test may commit to."""
    with new_database(server, template=migrated_template(server)) as url:
        yield engine_of(url)


@pytest.fixture(scope="session")
def migrated(server):
    """A migrated database that no test commits to."""
    with new_database(server, template=migrated_template(server)) as url:
        yield engine_of(url)


@pytest.fixture
def connection(migrated):
    """A connection to a migrated database, rolled back after the test."""
    with migrated.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()
