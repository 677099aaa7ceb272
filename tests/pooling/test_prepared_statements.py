"""Prepared statements belong to a server's session, which a transaction pooler shares: none is prepared unless the URL says so."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app_schema.backup.programs import environment
from app_schema.engine import create_async_engine, create_engine
from app_schema.errors import SettingsError
from app_schema.settings import Settings

TRANSACTIONS = 60
CLIENTS = 4
QUERY = text("SELECT CAST(:number AS int) + 1")


def test_every_transaction_of_many_clients_succeeds(tenants):
    """Each has prepared statements of the same names, had it any."""

    def work(client):
        engine = create_engine(tenants, schema="public")
        answers = []
        for number in range(TRANSACTIONS):
            with engine.begin() as connection:
                answers.append(connection.scalar(QUERY, {"number": number}) - number)
                connection.execute(text(f"SELECT {client}"))
        engine.dispose()
        return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert list(pool.map(work, range(CLIENTS))) == [[1] * TRANSACTIONS] * CLIENTS


async def test_every_transaction_of_many_tasks_succeeds(tenants):
    async def work(client):
        engine = create_async_engine(tenants, schema="public")
        answers = []
        for number in range(TRANSACTIONS):
            async with engine.begin() as connection:
                answers.append(await connection.scalar(QUERY, {"number": number}) - number)
                await connection.execute(text(f"SELECT {client}"))
        await engine.dispose()
        return answers

    assert await asyncio.gather(*map(work, range(CLIENTS))) == [[1] * TRANSACTIONS] * CLIENTS


def prepared(engine):
    with engine.connect() as connection:
        for number in range(8):
            connection.execute(QUERY, {"number": number})
        count = connection.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
    engine.dispose()
    return count


@pytest.mark.parametrize(("query", "count"), [({}, 0), ({"prepare_threshold": "none"}, 0), ({"prepare_threshold": "5"}, 1)])
def test_the_url_says_whether_statements_are_prepared(database, monkeypatch, query, count):
    url = database.update_query_dict(query)
    assert prepared(create_engine(url, schema="public")) == count
    assert prepared(create_engine(url.render_as_string(hide_password=False), schema="public")) == count
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    assert prepared(create_engine()) == count
    assert prepared(create_engine(read_only=True)) == count
    monkeypatch.setenv("DATABASE_READ_URL", database.render_as_string(hide_password=False))
    assert prepared(create_engine(read_only=True)) == 0


def test_no_program_of_postgresql_is_told(database, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database.update_query_dict({"prepare_threshold": "5"}).render_as_string(hide_password=False))
    settings = Settings.from_env()
    assert environment(settings.database_url) == environment(database)


@pytest.mark.parametrize("value", ["-1", "five", "1e3", "5&prepare_threshold=6"])
def test_another_value_is_one_line(monkeypatch, value):
    url = f"postgresql://user:c4nary@localhost/database?prepare_threshold={value}"
    monkeypatch.setenv("DATABASE_URL", url)
    for refuse in (Settings.from_env, lambda: create_engine(url)):
        with pytest.raises(SettingsError, match=r"prepare_threshold=5, or leave it out$") as error:
            refuse()
        assert "c4nary" not in str(error.value)
