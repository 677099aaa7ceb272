import pytest
from databases import engine_of, new_database

from app_schema import migrate

ODD = 'odd "name'


@pytest.fixture(scope="session")
def odd(server):
    """A database migrated in a schema with a name that must be quoted; no test commits to it."""
    with new_database(server) as url:
        migrate.upgrade(engine_of(url), schema=ODD)
        yield engine_of(url, ODD)


@pytest.fixture(params=["public", ODD])
def place(request, migrated):
    """(connection, schema), rolled back after the test."""
    engine = migrated if request.param == "public" else request.getfixturevalue("odd")
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection, request.param
        transaction.rollback()
