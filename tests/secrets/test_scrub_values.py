"""No error of Python on the way to or from the server carries a value either."""

from datetime import datetime

import pytest
from leaks import CANARY, leaks
from psycopg.types.json import Jsonb
from sqlalchemy import Column, Enum, Integer, MetaData, Table, Text, TypeDecorator, Uuid, bindparam, insert, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, PendingRollbackError, StatementError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app_schema.scrub import scrub


class Talkative(TypeDecorator):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):  # noqa: ARG002
        try:
            int(value)
        except ValueError:
            raise KeyError(value)  # noqa: B904 - an implicit chain is what is tested


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Talkative, CANARY),
        (Uuid(), CANARY),
        (Enum("calm", name="mood", validate_strings=True), CANARY),
        (Text, CANARY + "\ud800"),
        (Text, CANARY + "\0"),
    ],
)
def test_a_value_that_cannot_be_bound_is_not_repeated(connection, kind, value):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of several kinds
        connection.execute(select(bindparam("value", value, type_=kind)))
    assert leaks(caught.value) == []


def test_json_that_cannot_be_written_is_not_repeated(connection):
    for value in (Jsonb({CANARY: object()}), {CANARY}):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            connection.exec_driver_sql("SELECT %s::jsonb", (value,))
        assert leaks(caught.value) == []


def test_a_value_that_cannot_be_read_is_not_repeated(connection):
    with pytest.raises(DataError) as caught:
        connection.exec_driver_sql("SELECT '20000-01-01'::date").scalar()
    assert "20000" not in str(caught.value.orig)


def test_the_error_that_the_caller_was_handling_stays_whole(connection):
    def handle():
        try:
            datetime.fromisoformat("the callers own")
        except ValueError:
            with pytest.raises(StatementError):
                connection.execute(select(bindparam("value", CANARY, type_=Talkative)))
            raise

    with pytest.raises(ValueError, match="the callers own"):
        handle()


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"
    __table_args__ = ({"prefixes": ["TEMPORARY"]},)
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(unique=True)


def test_a_session_that_must_roll_back_repeats_nothing(connection):
    Base.metadata.create_all(connection)
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        session.add_all([Note(body=CANARY), Note(body=CANARY)])
        with pytest.raises(IntegrityError) as caught:
            session.flush()
        assert leaks(caught.value) == []
        with pytest.raises(PendingRollbackError) as caught:
            session.execute(insert(Note).values(body=CANARY))
        assert leaks(caught.value) == []


async def test_an_async_engine_is_scrubbed_too(engine):
    asynchronous = create_async_engine(engine.url, hide_parameters=True)
    scrub(asynchronous.sync_engine)
    with pytest.raises(DBAPIError) as caught:
        async with asynchronous.connect() as connection:
            await connection.execute(text("SELECT CAST(CAST(:value AS text) AS uuid)"), {"value": CANARY})
    await asynchronous.dispose()
    assert leaks(caught.value) == []
    with pytest.raises(StatementError) as caught:
        async with asynchronous.connect() as connection:
            await connection.execute(Table("t", MetaData(), Column("a", Talkative), Column("b", Integer)).insert(), {"a": CANARY, "b": 1})
    await asynchronous.dispose()
    assert leaks(caught.value) == []
