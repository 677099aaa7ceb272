"""Tokens: the database and the object hold a SHA-256, comparisons take the token itself."""

import copy
import hashlib
import pickle

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app_schema.models.types import HashedToken, TokenHash

RAW = "canary-token"
HEX = hashlib.sha256(RAW.encode()).hexdigest()


class Base(DeclarativeBase):
    pass


class SignedIn(Base):
    __tablename__ = "signed_in"
    __table_args__ = ({"prefixes": ["TEMPORARY"]},)
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[TokenHash | None] = mapped_column(HashedToken)


@pytest.fixture
def session(connection):
    Base.metadata.create_all(connection)
    with Session(connection) as session:
        yield session


def test_a_raw_token_is_stored_hashed(session):
    row = SignedIn(token=RAW)
    assert row.token == TokenHash(HEX)  # already before the flush
    session.add(row)
    session.flush()
    assert session.connection().exec_driver_sql("SELECT token FROM signed_in").scalar_one() == HEX
    session.expire_all()
    assert isinstance(row.token, TokenHash)
    assert row.token == HEX


def test_a_hash_is_not_hashed_again_unless_it_is_plain_text(session):
    assert SignedIn(token=TokenHash.of(RAW)).token == HEX
    assert SignedIn(token=HEX).token != HEX  # else a stolen hash would be as good as the token
    session.add(SignedIn(token=TokenHash(HEX)))
    session.flush()
    assert session.scalar(select(SignedIn).where(SignedIn.token == HEX)) is None


@pytest.mark.parametrize(
    "condition",
    [
        lambda column: column == RAW,
        lambda column: column == TokenHash.of(RAW),
        lambda column: column.in_(["another", RAW]),
        lambda column: column.in_([TokenHash.of(RAW)]),
        lambda column: column != "another",
        lambda column: column.not_in(["another"]),
        lambda column: column.is_not_distinct_from(RAW),
        lambda column: column.is_distinct_from("another"),
        lambda column: column.like(HEX[:9] + "%"),
        lambda column: column.startswith(HEX[:9]),
        lambda column: column.is_not(None),
    ],
)
def test_comparisons_take_the_raw_token(session, condition):
    session.add(SignedIn(token=RAW))
    session.flush()
    assert session.scalars(select(SignedIn).where(condition(SignedIn.token))).one().token == HEX


def test_core_statements_hash_too(session):
    session.execute(SignedIn.__table__.insert(), [{"token": RAW}, {"token": None}])
    session.execute(SignedIn.__table__.update().where(SignedIn.token == RAW).values(token="next"))
    assert session.scalars(select(SignedIn.token).order_by(SignedIn.id)).all() == [TokenHash.of("next"), None]


def test_one_cached_statement_serves_every_token(session):
    keys = {str(select(SignedIn).where(SignedIn.token == raw)._generate_cache_key().key) for raw in ("a", "b")}
    assert len(keys) == 1
    assert session.scalars(select(SignedIn).where(SignedIn.token.in_([]))).all() == []


def test_an_empty_token_is_refused(session):
    with pytest.raises(ValueError, match="empty"):
        SignedIn(token="")
    with pytest.raises(StatementError):
        session.scalars(select(SignedIn).where(SignedIn.token == ""))


def test_whatever_a_stranger_sends_has_a_hash():
    assert TokenHash.of("\ud800\0" + "x" * 100_000) != TokenHash.of("x")


def test_the_database_refuses_a_raw_token_without_repeating_it(session):
    with pytest.raises(IntegrityError) as caught:
        session.connection().exec_driver_sql("INSERT INTO signed_in (token) VALUES (%s)", (RAW,))
    assert RAW not in str(caught.value)
    assert caught.value.orig.diag.constraint_name == "sha256_format"


def test_a_hash_shows_four_digits_and_survives_copies():
    token_hash = TokenHash.of(RAW)
    assert repr(token_hash) == f"TokenHash('{HEX[:4]}…')"
    assert pickle.loads(pickle.dumps(token_hash)) == copy.copy(token_hash) == token_hash
    with pytest.raises(ValueError, match=r"TokenHash\.of") as caught:
        TokenHash(RAW)
    assert RAW not in str(caught.value)
