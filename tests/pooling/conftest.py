"""Two tenants' schemas in one database, behind PgBouncer in transaction mode."""

import psycopg
import pytest
from databases import engine_of
from pooler import pgbouncer
from sqlalchemy import text

from app_schema.engine import quoted

TENANTS = ("tenant_a", 'odd "b')


@pytest.fixture(scope="session")
def bouncer(server):
    """A pooler with one connection for each database."""
    with pgbouncer(server) as url:
        yield url


@pytest.fixture
def tenants(database, bouncer):
    """The pooled URL of a database with a table ``notes`` in each tenant's schema."""
    with engine_of(database).begin() as connection:
        for name in TENANTS:
            connection.execute(text(f"CREATE SCHEMA {quoted(name)}"))
            connection.execute(text(f"CREATE TABLE {quoted(name)}.notes (tenant text NOT NULL DEFAULT current_schema())"))
            connection.execute(text(f"INSERT INTO {quoted(name)}.notes VALUES (:tenant)"), {"tenant": name})
    return bouncer.set(database=database.database)


@pytest.fixture
def pooled_connection(tenants):
    """What another client of the pooler meets on its one connection."""

    def look(sql):
        address = tenants.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, prepare_threshold=None) as connection:
            return connection.execute(sql).fetchone()[0]

    return look
