"""Sessions see nothing of each other, whatever they commit; async ones in every way that there is to run them."""

import importlib.util

import pytest

COUNT = """
import asyncio, pytest
from sqlalchemy import func, select, text
from app_schema.models import User
count = select(func.count()).select_from(User)
def person(name="x"): return User(email=f"{name}@example.kr", name=name)
"""
SYNC = """
forgotten = []
@pytest.mark.parametrize("turn", range(3))
def test_commits_are_undone(app_schema_session, turn):
    assert app_schema_session.scalar(count) == 0
    app_schema_session.add(person())
    app_schema_session.commit()
    app_schema_session.add(person("y"))
    app_schema_session.rollback()
    assert app_schema_session.scalar(count) == 1
    app_schema_session.close()
    with app_schema_session.begin():
        assert app_schema_session.scalar(count) == 1

def test_an_error_is_survived(app_schema_session):
    with pytest.raises(Exception, match="nothing"):
        app_schema_session.execute(text("SELECT * FROM nothing"))
    app_schema_session.rollback()
    assert app_schema_session.scalar(count) == 0

def test_a_session_in_an_error_ends(app_schema_session):
    with pytest.raises(Exception, match="nothing"):
        app_schema_session.execute(text("SELECT * FROM nothing"))

def test_a_connection_that_was_cut_ends(app_schema_session):
    with pytest.raises(Exception, match="terminat"):
        app_schema_session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

COMMITS = lambda s: s.connection().commit(), lambda s: s.execute(text(" commit")), lambda s: s.execute(text("END"))

@pytest.mark.parametrize("commit", COMMITS)
def test_a_commit_that_would_outlive_it_is_refused(app_schema_session, commit):
    app_schema_session.add(person())
    app_schema_session.flush()
    with pytest.raises(Exception, match="would commit outside the transaction"):
        commit(app_schema_session)

def test_the_next_one_works(app_schema_session):
    assert app_schema_session.scalar(count) == 0

def test_a_connection_that_is_forgotten(app_schema_database):
    circle = []
    circle.append((circle, app_schema_database.engine.connect()))
    circle[0][1].execute(text("SELECT 1"))
    del circle
    forgotten.append(app_schema_database)

def test_it_is_closed_quietly(caplog):
    import gc
    gc.collect()
    assert not caplog.records
    assert forgotten[0].engine.pool.checkedout() == 0

def test_a_database_of_its_own_can_be_committed_to(app_schema_database, app_schema_session):
    with app_schema_database.engine.begin() as connection:
        connection.execute(text("INSERT INTO users (email, name) VALUES ('a@example.kr', 'a')"))
        assert connection.scalar(count) == 1
    assert app_schema_session.scalar(count) == 0

@pytest.mark.parametrize("turn", range(2))
def test_a_schema_of_its_own(app_schema_schema, app_schema_session, turn):
    from app_schema import migrate
    from sqlalchemy import NullPool, create_engine
    with app_schema_schema.engine.begin() as connection:
        connection.execute(text("INSERT INTO users (email, name) VALUES ('a@example.kr', 'a')"))
    with create_engine(app_schema_schema.url, poolclass=NullPool).connect() as connection:
        assert connection.scalar(count) == 1
        assert connection.scalar(text("SELECT current_schema()")) == app_schema_schema.name
        assert migrate.current(connection, schema=app_schema_schema.name) == migrate.head()
    assert app_schema_session.scalar(count) == 0

@pytest.mark.parametrize("turn", range(2))
def test_seeded(app_schema_seeded, app_schema_session, turn):
    before = app_schema_seeded.scalar(count)
    assert before > 10
    app_schema_seeded.add(person())
    app_schema_seeded.commit()
    assert app_schema_seeded.scalar(count) == before + 1
    assert app_schema_session.scalar(count) == 0
"""
ASYNC = """
@pytest.mark.parametrize("turn", range(2))
async def test_commits_are_undone(app_schema_async_session, turn):
    assert await app_schema_async_session.scalar(count) == 0
    user = person()
    app_schema_async_session.add(user)
    await app_schema_async_session.commit()
    assert user.name == "x"
    await app_schema_async_session.rollback()
    assert await app_schema_async_session.scalar(count) == 1
    async with app_schema_async_session.begin_nested():
        app_schema_async_session.add(person("y"))

async def test_one_that_is_cancelled_ends(app_schema_async_session):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(app_schema_async_session.execute(text("SELECT pg_sleep(9)")), 0.05)

async def test_the_next_one_works(app_schema_async_session):
    assert await app_schema_async_session.scalar(count) == 0
"""
BY_HAND = """
def test_by_hand(app_schema_async_session):
    async def body():
        app_schema_async_session.add(person())
        await app_schema_async_session.commit()
        return await app_schema_async_session.scalar(count)
    assert asyncio.run(body()) == 1

def test_unused(app_schema_async_session):
    pass
"""
NO_ASYNCIO = ("-p", "no:asyncio")
ANYIO = "pytestmark = pytest.mark.anyio\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"


def test_sessions_schemas_and_databases_are_isolated(same):
    same.write(COUNT + SYNC)
    assert "17 passed" in same.run("--asyncio-mode=auto")


@pytest.mark.parametrize(
    ("how", "tests", "arguments"),
    [
        ("auto", ASYNC, ["--asyncio-mode=auto"]),
        ("strict", "pytestmark = pytest.mark.asyncio\n" + ASYNC, ["--asyncio-mode=strict"]),
        ("one loop for all", "pytestmark = pytest.mark.asyncio(loop_scope='module')\n" + ASYNC, []),
        ("no plugin", BY_HAND, NO_ASYNCIO),
        ("anyio", ANYIO + ASYNC, NO_ASYNCIO),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_async_sessions_are_isolated(same, how, tests, arguments):
    if how == "anyio" and importlib.util.find_spec("anyio") is None:
        pytest.skip("anyio is not installed")
    same.write(COUNT + tests)
    if "no:asyncio" in arguments:
        (same.folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    same.run(*arguments)
