"""Rooms, conversations, and the messages in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app_schema.models import (
    ChatRoom,
    Conversation,
    ConversationStatus,
    Message,
    MessageStatus,
    RoomStatus,
    SenderType,
    TranslationStatus,
)
from app_schema.testing.making.accounts import Accounts
from app_schema.testing.making.rows import NOW, Columns, has

if TYPE_CHECKING:
    from collections.abc import Mapping

IN_ROOMS = (SenderType.AGENT, SenderType.CUSTOMER)
TRANSLATED = (TranslationStatus.DONE, TranslationStatus.REVIEWED)


class Chats(Accounts):
    """What is said, and where."""

    def room(self, *, status: RoomStatus | str | None = None, **columns: Any) -> ChatRoom:
        """Make a customer's room, waiting unless told otherwise or given an agent; active and closed ones have an agent."""
        given_agent = columns.get("agent") or columns.get("agent_id")
        status = status or (RoomStatus.ACTIVE if given_agent else RoomStatus.WAITING)
        facts: Columns = {}
        if status != RoomStatus.WAITING:
            facts = {"waiting_since": None}
            if not has(columns, "agent"):
                facts["agent_id"] = self.agent().id
            if given_agent or not has(columns, "agent"):
                facts["assigned_at"] = NOW
        if status == RoomStatus.CLOSED:
            facts |= {"closed_at": NOW, "close_reason": "resolved"}
        if not has(columns, "customer_session"):
            facts["customer_session_id"] = self.customer_session().id
        return self._add(ChatRoom, columns, status=status, **facts)

    def conversation(self, *, status: ConversationStatus | str = ConversationStatus.ACTIVE, **columns: Any) -> Conversation:
        """Make a user's conversation with the AI."""
        user = {} if has(columns, "user") else {"user_id": self.user().id}
        return self._add(Conversation, columns, status=status, title="새 대화", model="gpt-a", **user)

    def message(self, *, sender_type: SenderType | str | None = None, **columns: Any) -> Message:
        """Make a message; without ``room`` or ``conversation`` (or their ids), in a new one that fits its sender.

        The parent's ``last_message_at`` and a room's ``first_reply_at`` move as ``record_message`` would move them.
        """
        facts: Columns = {}
        if not has(columns, "room") and not has(columns, "conversation"):
            if sender_type in IN_ROOMS:
                facts["room_id"] = self.room(status=RoomStatus.ACTIVE).id
            else:
                facts["conversation_id"] = self.conversation().id
        parent = self._parent(columns | facts)
        in_room = isinstance(parent, ChatRoom)
        sender = SenderType(sender_type or (SenderType.CUSTOMER if in_room else SenderType.USER))
        if sender == SenderType.AGENT and not has(columns, "agent"):
            facts["agent_id"] = (parent.agent_id if isinstance(parent, ChatRoom) else None) or self.agent().id
        if sender == SenderType.USER and isinstance(parent, Conversation) and not has(columns, "user"):
            facts["user_id"] = parent.user_id
        message = self._add(Message, columns, sender_type=sender, content="안녕하세요", **facts, **_text(columns))
        self._move(parent, message)
        return message

    def _parent(self, columns: Mapping[str, Any]) -> ChatRoom | Conversation | None:
        found = columns.get("room") or columns.get("conversation")
        if found is None and columns.get("room_id"):
            found = self.orm.get(ChatRoom, columns["room_id"])
        if found is None and columns.get("conversation_id"):
            found = self.orm.get(Conversation, columns["conversation_id"])
        return found if isinstance(found, ChatRoom | Conversation) else None

    def _move(self, parent: ChatRoom | Conversation | None, message: Message) -> None:
        if parent is not None and (parent.last_message_at is None or parent.last_message_at < message.created_at):
            parent.last_message_at = message.created_at
        if isinstance(parent, ChatRoom) and message.sender_type == SenderType.AGENT:
            parent.first_reply_at = min(parent.first_reply_at or message.created_at, message.created_at)
        self.orm.flush()


def _text(given: Mapping[str, Any]) -> Columns:
    facts: Columns = {}
    translation = given.get("translation_status")
    if translation in TRANSLATED:
        facts["translated_content"] = "Hello"
    if translation not in (None, TranslationStatus.NONE):
        facts["original_lang"] = "ko"
    if translation in TRANSLATED or "translated_content" in given:
        facts["translated_lang"] = "en"
    if given.get("status") == MessageStatus.FAILED:
        facts["error"] = "the model did not answer"
    return facts
