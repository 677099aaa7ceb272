"""A connection that broke while it waited in the pool is given up, as by an engine without a schema."""

import pytest
from databases import engine_of
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app_schema.engine import create_engine

END = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")


def test_a_broken_connection_is_replaced(database):
    engine = create_engine(database, schema="tenant_a", pool_size=1)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    with engine_of(database).connect() as other:
        other.execute(END)
    with engine.connect() as connection:
        with pytest.raises(OperationalError) as error:
            connection.execute(text("SELECT 1"))
        assert error.value.connection_invalidated
        connection.rollback()
        assert connection.scalar(text("SHOW search_path")) == '"tenant_a"'
    engine.dispose()
