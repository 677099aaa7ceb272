"""The schema of an engine holds behind a transaction pooler: no row of one tenant reaches another."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from databases import engine_of
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app_schema.engine import create_async_engine, create_engine, quoted, verbatim
from app_schema.errors import SessionRequired

TENANTS = ("tenant_a", 'odd "b')
ROUNDS = 80
READ, WRITE = text("SELECT tenant FROM notes"), text("INSERT INTO notes DEFAULT VALUES")
ISOLATIONS = ["READ COMMITTED", "AUTOCOMMIT"]


@pytest.fixture(params=ISOLATIONS)
def isolation(request):
    return request.param


@pytest.fixture
def engine_for(tenants):
    """Make an engine for a tenant; its pool is closed after the test."""
    with ExitStack() as stack:

        def make(tenant, **options):
            engine = create_engine(tenants, schema=tenant, **options)
            stack.callback(engine.dispose)
            return engine

        yield make


def rows_by_table(tenants):
    with engine_of(tenants).connect() as connection:
        return {name: connection.scalars(text(f"SELECT tenant FROM {quoted(name)}.notes")).all() for name in TENANTS}


def test_no_row_crosses_between_threads(tenants, engine_for, isolation):
    def work(engine):
        seen = set()
        for _ in range(ROUNDS):
            with Session(engine) as session, session.begin():
                seen |= set(session.scalars(READ))
            with engine.begin() as connection:
                connection.execute(WRITE)
        return seen

    engines = [engine_for(tenant, isolation_level=isolation) for tenant in TENANTS]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, engines)) == [{tenant} for tenant in TENANTS]
    assert rows_by_table(tenants) == {tenant: [tenant] * (ROUNDS + 1) for tenant in TENANTS}


async def test_no_row_crosses_between_tasks(tenants, isolation):
    async def work(tenant):
        engine = create_async_engine(tenants, schema=tenant, isolation_level=isolation)
        seen = set()
        for _ in range(ROUNDS):
            async with engine.connect() as connection:
                seen |= set(await connection.scalars(READ))
            async with engine.begin() as connection:
                await connection.execute(WRITE)
        await engine.dispose()
        return seen

    assert await asyncio.gather(*map(work, TENANTS)) == [{tenant} for tenant in TENANTS]
    assert rows_by_table(tenants) == {tenant: [tenant] * (ROUNDS + 1) for tenant in TENANTS}


def test_every_transaction_of_a_connection_is_in_the_schema(engine_for, pooled_connection, isolation):
    """After a rollback, an error and in bulk; nothing of it stays in the pool."""
    with engine_for("tenant_a", isolation_level=isolation).connect() as connection:
        assert connection.scalar(READ) == "tenant_a"
        connection.rollback()
        connection.execute(text("INSERT INTO notes VALUES (:tenant)"), [{"tenant": str(number)} for number in range(3)])
        connection.commit()
        with pytest.raises(DBAPIError, match="null value"):
            connection.execute(text("INSERT INTO notes VALUES (NULL)"))
        connection.rollback()
        assert connection.scalar(text("SELECT count(*) FROM notes")) == 4
        connection.rollback()
        assert "tenant" not in pooled_connection("SHOW search_path")


def test_a_savepoint_that_is_rolled_back_keeps_the_schema(engine_for):
    with engine_for("tenant_a").begin() as connection:
        with connection.begin_nested() as savepoint:
            connection.execute(WRITE)
            savepoint.rollback()
        assert connection.scalars(READ).all() == ["tenant_a"]


def test_a_transaction_may_set_its_isolation_first(engine_for):
    """SET TRANSACTION is refused once a transaction has run a query."""
    with Session(engine_for("tenant_a")) as session:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        assert session.scalar(READ) == "tenant_a"


@pytest.mark.parametrize("statement", ["BEGIN", " commit", "SAVEPOINT a", "/* why */ BEGIN", "-- why\n;ROLLBACK"])
def test_autocommit_refuses_transactions_by_hand(engine_for, statement):
    with engine_for("tenant_a", isolation_level="AUTOCOMMIT").connect() as connection:
        with pytest.raises(SessionRequired, match="another isolation level"):
            connection.exec_driver_sql(statement)
        assert connection.scalar(READ) == "tenant_a"


def test_autocommit_refuses_to_stream(engine_for):
    with engine_for("tenant_a", isolation_level="AUTOCOMMIT").connect() as connection, pytest.raises(SessionRequired):
        connection.execution_options(stream_results=True).execute(READ)


def test_rows_are_streamed_in_a_transaction(engine_for):
    with engine_for("tenant_a").connect() as connection:
        assert connection.execution_options(stream_results=True).execute(READ).all() == [("tenant_a",)]
    with engine_for("tenant_a").connect() as connection:
        assert connection.execution_options(yield_per=1).execute(READ).all() == [("tenant_a",)]
    with Session(engine_for("tenant_a").execution_options(yield_per=1)) as session:
        assert session.execute(READ).all() == [("tenant_a",)]
    with engine_for("tenant_a").connect() as connection:
        transaction = connection.execution_options(yield_per=1).begin_twophase()
        assert connection.execute(READ).all() == [("tenant_a",)]
        transaction.rollback()


def test_rows_are_copied_in_a_transaction(engine_for, tenants):
    """By the driver's own cursor."""
    engine = engine_for("tenant_a")
    with engine.begin() as connection, connection.connection.cursor().copy("COPY notes FROM STDIN") as copy:
        copy.write_row(["copied"])
    assert rows_by_table(tenants) == {"tenant_a": ["tenant_a", "copied"], 'odd "b': ['odd "b']}


def test_a_schema_of_any_name(engine_for, tenants):
    name = '100% "odd":schema'
    with engine_of(tenants).begin() as connection:
        connection.execute(verbatim(f"CREATE SCHEMA {quoted(name)}"))
    for isolation_level in ISOLATIONS:
        with engine_for(name, isolation_level=isolation_level).connect() as connection:
            assert connection.scalar(text("SELECT current_schema()")) == name


@pytest.mark.parametrize("isolation_level", ISOLATIONS)
def test_read_only_holds_behind_a_pooler_that_refuses_startup_options(engine_for, pooled_connection, isolation_level):
    for schema in ("public", "tenant_a"):
        with engine_for(schema, read_only=True, isolation_level=isolation_level).connect() as connection:
            connection.scalar(text("SELECT 1"))
            with pytest.raises(DBAPIError, match="read-only transaction"):
                connection.execute(text("CREATE TABLE made (id int)"))
    assert pooled_connection("SHOW default_transaction_read_only") == "off"
