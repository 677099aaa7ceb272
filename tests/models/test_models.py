"""The models as a backend uses them: typed states, secrets, relationships, sync and async."""

import subprocess
import sys
from uuid import RFC_4122

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, selectinload

import app_schema.models
from app_schema.engine import create_async_engine
from app_schema.errors import KeyringError
from app_schema.keyring import Keyring
from app_schema.models import (
    Agent,
    ApiKey,
    Base,
    ChatRoom,
    Conversation,
    McpConnection,
    Message,
    RoomStatus,
    SenderType,
    Transport,
    User,
    UserSession,
    metadata,
    uuid7,
)

KEYRING = Keyring.parse("new:" + "E" * 43 + "=,old:" + "I" * 43 + "=")


@pytest.fixture
def session(connection):
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        yield session


@pytest.fixture
def user(session):
    user = User(email="minji@example.com", name="김민지", password="비밀번호 1234")
    session.add(user)
    session.flush()
    return user


def test_eighteen_tables():
    assert len(metadata.tables) == 18
    assert {mapper.class_.__name__ for mapper in Base.registry.mappers} <= set(app_schema.models.__all__)


def test_every_column_says_what_it_holds():
    silent = {f"{table}.{column.name}" for table in metadata.tables.values() for column in table.columns if not column.doc}
    assert silent == {f"{table}.id" for table in metadata.tables}


def test_relationships_go_both_ways(session, user):
    user.conversations.append(Conversation(messages=[Message(sender_type=SenderType.USER, content="첫 질문")]))
    session.flush()
    session.expire_all()
    found = session.scalars(select(User).options(selectinload(User.conversations).selectinload(Conversation.messages))).one()
    message = found.conversations[0].messages[0]
    assert message.conversation is found.conversations[0]
    assert message.conversation.user is user
    session.delete(user)  # the database cascades: nothing is loaded and nothing left
    session.flush()
    assert session.scalars(select(Message)).all() == []


def test_states_are_typed_and_unknown_ones_refused(session):
    room = ChatRoom()
    session.add(room)
    session.flush()
    assert room.status is RoomStatus.WAITING  # what the default wrote came back with the INSERT
    room.status = "napping"
    with pytest.raises(StatementError):
        session.flush()


def test_label_of_newer_code_is_read_as_text(connection):
    connection.execute(text("ALTER TABLE chat_rooms DROP CONSTRAINT ck_chat_rooms_status_known"))
    connection.execute(text("INSERT INTO chat_rooms (status, waiting_since) VALUES ('paused', NULL)"))
    assert Session(connection).scalars(select(ChatRoom.status)).one() == "paused"


def test_updated_at_comes_back_with_the_update(session, user, connection):
    created = user.updated_at
    connection.execute(text("UPDATE users SET updated_at = updated_at"))  # changes nothing, so the trigger stays still
    session.refresh(user)
    assert user.updated_at == created
    user.name = "김민지나"
    session.flush()
    assert "updated_at" in user.__dict__


def test_password(session, user):
    session.expire_all()
    assert user.verify_password("비밀번호 1234")
    assert not user.verify_password("비밀번호 1235")


def test_session_by_raw_token(session, user):
    session.add(UserSession(user=user, token="raw", expires_at=text("now() + interval '1 day'")))
    session.flush()
    assert session.scalars(select(UserSession).where(UserSession.token == "raw")).one().user is user
    stored = session.connection().scalar(text("SELECT token FROM sessions"))
    assert len(stored) == 64
    assert "raw" not in stored


def test_issued_key_is_found_by_its_clear_text_alone(session, user):
    key, clear = ApiKey.issue(user_id=user.id, name="노트북", scopes=["chat"])
    session.add(key)
    session.flush()
    assert session.scalars(select(ApiKey).where(ApiKey.key_hash == clear)).one() is key
    assert clear.startswith(key.key_prefix)
    row = session.connection().execute(text("SELECT k::text FROM api_keys k")).scalar_one()
    assert clear not in row
    with pytest.raises(KeyringError):
        key.reveal(KEYRING)


def test_provider_key_opens_with_any_live_key_and_in_its_own_row_only(session, user):
    secret = "sk-proj-0123456789abcdef"
    key = ApiKey.for_provider(user_id=user.id, name="모델", provider="openai", key=secret, keyring=KEYRING)
    session.add(key)
    session.flush()
    session.expire_all()
    assert key.kek_id == "new"
    assert key.reveal(KEYRING) == secret
    assert key.reveal(Keyring.parse("newest:" + "M" * 43 + "=,new:" + "E" * 43 + "=")) == secret
    with pytest.raises(KeyringError, match="new"):
        key.reveal(Keyring.parse("old:" + "B" * 43 + "="))
    other = ApiKey.for_provider(user_id=user.id, name="다른 모델", provider="openai", key=secret, keyring=KEYRING)
    other.sealed = key.sealed
    with pytest.raises(KeyringError):
        other.reveal(KEYRING)


def test_short_provider_key_is_refused(user):
    with pytest.raises(KeyringError, match="16 characters") as caught:
        ApiKey.for_provider(user_id=user.id, name="x", provider="x", key="sk-short", keyring=KEYRING)
    assert "sk-short" not in str(caught.value)


def test_mcp_secrets_are_whole_or_absent(session):
    connection = McpConnection(id=uuid7(), name="문서", transport=Transport.STDIO, command="mcp-docs")
    connection.secrets = KEYRING.seal("token", owner=connection.id, column="mcp_connections.secrets")
    session.add_all([connection, McpConnection(name="검색", server_url="https://mcp.example.com")])
    session.flush()
    session.expire_all()
    assert KEYRING.open(connection.secrets, owner=connection.id, column="mcp_connections.secrets") == "token"
    assert session.scalars(select(McpConnection).where(McpConnection.name == "검색")).one().secrets is None
    connection.secrets_nonce = None
    with pytest.raises(IntegrityError, match="ck_mcp_connections_secrets_whole"):
        session.flush()


def test_ids_are_ordered_by_time(monkeypatch):
    ids = []
    for milliseconds in (1, 2, 1_800_000_000_000):
        monkeypatch.setattr("app_schema.models.base.time.time_ns", lambda now=milliseconds: now * 1_000_000)
        ids.append(uuid7())
    assert ids == sorted(ids)
    assert all(id_.version == 7 and id_.variant == RFC_4122 for id_ in ids)
    assert uuid7() != uuid7()


def test_many_rows_are_one_insert(session):
    session.add_all(Agent(email=f"a{number}@example.com", password_hash=HASH, name="상담사") for number in range(50))
    session.flush()
    assert session.connection().scalar(text("SELECT count(*) FROM agents")) == 50


HASH = app_schema.models.PasswordHash("$2b$12$GMADCtG9A7Fp7f0G0/ZQTOqVRV2RQI2zMco5K8A6Yp7TUeqVsTs4e")


async def test_async_session(engine):
    asynchronous = create_async_engine(engine.url)
    async with AsyncSession(asynchronous) as session, session.begin():
        room = ChatRoom()
        session.add(room)
        await session.flush()
        assert room.status is RoomStatus.WAITING
        room.department = "내과"
        await session.flush()
        assert room.updated_at == room.created_at  # one transaction, one now(); no hidden SELECT was needed
        session.add(User(email="SECRET@EXAMPLE.COM", name="SECRET"))
        with pytest.raises(IntegrityError) as caught:
            await session.flush()
        assert "SECRET" not in str(caught.value)
    await asynchronous.dispose()


def test_models_load_neither_drivers_nor_cryptography():
    heavy = "{'bcrypt', 'cryptography', 'psycopg', 'pydantic', 'alembic', 'faker'}"
    code = f"import sys, app_schema.models; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_model_is_shown_by_key_and_state(app_schema_session, app_schema_make):
    """Never by what a log must not hold, and without a query."""
    room = app_schema_make.room(status="waiting")
    assert repr(room) == f"<ChatRoom id={room.id} status=waiting>"
    message = Message(content="c4nary", sender_type=SenderType.CUSTOMER)
    assert "c4nary" not in repr(message)
    app_schema_session.expire(room)
    assert repr(room) == f"<ChatRoom id={inspect(room).identity[0]}>"
    for mapper in Base.registry.mappers:
        assert repr(mapper.class_()).startswith(f"<{mapper.class_.__name__}")
