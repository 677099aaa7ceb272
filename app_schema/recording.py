"""Send a message: one statement that inserts it and moves its parent's ``last_message_at``.

The Python twin of the SQL function ``record_message``: it takes a ``Message``, so that every
column is typed and can be given. A trigger or a flush listener would do it behind the caller's
back, and a counter bumped by a trigger costs eight of nine transactions (docs/adr/0004).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Table, case, func, inspect, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app_schema.models import ChatRoom, Conversation, Message, SenderType, uuid7

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

CONVERSATION_LAG = timedelta(seconds=5)  # its column is indexed; the rooms' is not, and is exact


def record_message(session: Session, message: Message) -> UUID:
    """Insert ``message`` and return its id; the session does not take the object in.

    A ``client_msg_id`` that its parent has seen before returns the first message's id and changes
    nothing, also when both are sent at once. Async: ``await session.run_sync(record_message, message)``.

    Raises:
        ValueError: the message names no parent by ``room_id`` or ``conversation_id``.
        sqlalchemy.exc.IntegrityError: the parent does not exist, or the sender does not fit it.
    """
    statement = _statement(message)
    while True:
        recorded = session.scalar(statement)
        if recorded is None:  # sent before; a statement of its own, since the first one's snapshot may be older
            parent = func.coalesce(Message.room_id, Message.conversation_id)
            seen = select(Message.id).where(
                parent == (message.room_id or message.conversation_id), Message.client_msg_id == message.client_msg_id
            )
            recorded = session.scalar(seen)
        if recorded is not None:  # else it was deleted in between
            return recorded


def _statement(message: Message) -> Select[UUID]:
    table = Message.__table__
    assert isinstance(table, Table)  # noqa: S101 (a mapped class has a table; the stub says FromClause)
    state = inspect(message)
    given: dict[str, Any] = {
        attribute.columns[0].name: state.dict[attribute.key] for attribute in state.mapper.column_attrs if attribute.key in state.dict
    }
    if given.get("room_id") is None and given.get("conversation_id") is None:
        raise ValueError("give the message the room_id or conversation_id of a flushed parent; its relationships are not followed")
    given.setdefault("id", uuid7())  # a default of the model is not applied to an INSERT inside WITH
    sent = (
        insert(table)
        .values(given)
        .on_conflict_do_nothing(
            index_elements=[text("coalesce(room_id, conversation_id)"), table.c.client_msg_id],
            index_where=table.c.client_msg_id.is_not(None),
        )
        .returning(table.c.id, table.c.room_id, table.c.conversation_id, table.c.sender_type, table.c.created_at)
        .cte("sent")
    )
    reply = case(
        (sent.c.sender_type == SenderType.AGENT, func.least(ChatRoom.first_reply_at, sent.c.created_at)), else_=ChatRoom.first_reply_at
    )
    room = (
        update(ChatRoom)
        .where(ChatRoom.id == sent.c.room_id)
        .values(last_message_at=func.greatest(ChatRoom.last_message_at, sent.c.created_at), first_reply_at=reply)
        .cte("room")
    )
    conversation = (
        update(Conversation)
        .where(Conversation.id == sent.c.conversation_id, Conversation.last_message_at < sent.c.created_at - CONVERSATION_LAG)
        .values(last_message_at=sent.c.created_at)
        .cte("conversation")
    )
    return select(sent.c.id).add_cte(room, conversation)
