"""Who has a password: it is hashed on assignment and never read back."""

import time

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app_schema.models.password import PasswordHolder
from app_schema.models.types import BcryptPassword, PasswordHash

CLEAR = "비밀번호 canary"


class Base(DeclarativeBase):
    pass


class Person(PasswordHolder, Base):
    __tablename__ = "person"
    __table_args__ = ({"prefixes": ["TEMPORARY"]},)
    id: Mapped[int] = mapped_column(primary_key=True)
    password_hash: Mapped[PasswordHash | None] = mapped_column(BcryptPassword)


@pytest.fixture(scope="module")
def hashed():
    return PasswordHash.of(CLEAR, rounds=10)


@pytest.fixture
def session(connection):
    Base.metadata.create_all(connection)
    with Session(connection) as session:
        yield session


def test_the_password_can_be_set_and_never_read(session):
    person = Person(password=CLEAR)
    assert person.verify_password(CLEAR)
    with pytest.raises(AttributeError, match="set, not read"):
        person.password  # noqa: B018
    session.add(person)
    session.flush()
    session.expire_all()
    assert isinstance(person.password_hash, PasswordHash)
    assert person.verify_password(CLEAR)
    assert not person.verify_password("wrong")
    assert person.password_hash.startswith("$2b$12$")


def test_clear_text_in_the_column_attribute_is_hashed_at_once(hashed):
    person = Person()
    person.password_hash = CLEAR
    assert person.password_hash.verify(CLEAR)
    person.password_hash = hashed
    assert person.password_hash is hashed
    person.password_hash = str(hashed)  # the hash as a password: no pass-the-hash
    assert not person.password_hash.verify(CLEAR)
    assert person.password_hash.verify(hashed)
    person.password_hash = None
    assert person.password_hash is None


def test_core_statements_hash_too(session, hashed):
    session.execute(Person.__table__.insert(), [{"password_hash": CLEAR}])
    assert session.scalar(select(Person.password_hash)).verify(CLEAR)
    session.execute(Person.__table__.update().values(password_hash=hashed))
    assert session.scalars(select(Person).where(Person.password_hash == hashed)).one().verify_password(CLEAR)


def test_sql_does_not_compare_passwords(session):
    for make in (lambda: Person.password_hash == CLEAR, lambda: Person.password_hash.in_([CLEAR])):
        with pytest.raises(InvalidRequestError, match="verify_password") as caught:
            session.scalars(select(Person).where(make()))
        assert "canary" not in str(caught.value)


def test_without_a_password_the_answer_takes_as_long():
    def seconds(answer):
        started = time.thread_time()
        assert answer("wrong") is False
        return time.thread_time() - started

    wrong = min(seconds(Person(password=CLEAR).verify_password) for _ in range(2))
    assert seconds(Person().verify_password) > wrong / 2
    assert seconds(PasswordHash.refuse) > wrong / 2


def test_the_database_refuses_clear_text_without_repeating_it(session):
    with pytest.raises(IntegrityError) as caught:
        session.connection().exec_driver_sql("INSERT INTO person (password_hash) VALUES (%s)", ("canary",))
    assert "canary" not in str(caught.value)
    assert caught.value.orig.diag.constraint_name == "bcrypt_format"
