"""The Python twin of record_message does what the SQL function does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app_schema.models import Agent, ChatRoom, Conversation, Message, SenderType, User, uuid7
from app_schema.recording import record_message

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def session(connection):
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        yield session


@pytest.fixture
def room(session):
    room = ChatRoom()
    session.add(room)
    session.flush()
    return room


def test_message_moves_its_room(session, room):
    agent = Agent(email="a@example.com", password="x", name="상담사")
    session.add(agent)
    session.flush()
    record_message(session, Message(room_id=room.id, sender_type=SenderType.CUSTOMER, content="안녕하세요", created_at=NOW))
    session.refresh(room)
    assert (room.last_message_at, room.first_reply_at) == (NOW, None)
    reply = Message(
        room_id=room.id, agent_id=agent.id, sender_type=SenderType.AGENT, created_at=NOW + timedelta(seconds=1), metadata_={"a": 1}
    )
    sent = record_message(session, reply)
    session.refresh(room)
    assert (room.last_message_at, room.first_reply_at) == (NOW + timedelta(seconds=1),) * 2
    assert session.get_one(Message, sent).metadata_ == {"a": 1}
    record_message(session, Message(room_id=room.id, sender_type=SenderType.CUSTOMER, created_at=NOW))  # late, does not move it back
    session.refresh(room)
    assert room.last_message_at == NOW + timedelta(seconds=1)


def test_conversation_moves_every_five_seconds(session):
    user = User(email="u@example.com", name="사용자", conversations=[Conversation(last_message_at=NOW)])
    session.add(user)
    session.flush()
    conversation = user.conversations[0]
    for seconds, expected in ((4, 0), (6, 6), (8, 6)):
        at = NOW + timedelta(seconds=seconds)
        record_message(session, Message(conversation_id=conversation.id, sender_type=SenderType.USER, created_at=at))
        session.refresh(conversation)
        assert conversation.last_message_at == NOW + timedelta(seconds=expected)


def test_parent_that_does_not_exist(session):
    with pytest.raises(IntegrityError, match="fk_messages_room_id"):
        record_message(session, Message(room_id=uuid7(), sender_type=SenderType.CUSTOMER, content="secret"))


def test_parent_that_is_only_a_relationship(session):
    with pytest.raises(ValueError, match="room_id or conversation_id"):
        record_message(session, Message(sender_type=SenderType.USER, content="secret"))


def test_sending_twice_at_once_is_one_message(engine):
    with Session(engine) as session, session.begin():
        room = ChatRoom()
        session.add(room)
        session.flush()
        room_id = room.id

    def send(_number):
        with Session(engine) as session, session.begin():
            return record_message(session, Message(room_id=room_id, sender_type=SenderType.CUSTOMER, client_msg_id="one"))

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(send, range(16)))
    with Session(engine) as session:
        assert len(ids) == session.scalar(select(func.count()).select_from(Message)) == 1
