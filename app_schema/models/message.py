"""Messages of conversations and of chat rooms: one table, exactly one parent a row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Identified, Json, Timestamps
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import EMPTY, HMAC, KEEP, NULL, TEXT

if TYPE_CHECKING:
    from app_schema.models.agent import Agent
    from app_schema.models.chat_room import ChatRoom
    from app_schema.models.conversation import Conversation
    from app_schema.models.user import User


class SenderType(StrEnum):
    """Who speaks: user, assistant and tool in conversations, agent and customer in rooms, system in both."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"
    TOOL = "tool"
    AGENT = "agent"
    CUSTOMER = "customer"


class ContentType(StrEnum):
    """How ``content`` is to be shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    IMAGE = "image"
    FILE = "file"
    AUDIO = "audio"
    EVENT = "event"


class TranslationStatus(StrEnum):
    """How far the translation is."""

    NONE = "none"
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    REVIEWED = "reviewed"


class MessageStatus(StrEnum):
    """How far the message itself is."""

    STREAMING = "streaming"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Message(Identified, Timestamps, Base):
    """One message. Send it with ``record_message``, which also moves ``last_message_at`` of its parent."""

    __tablename__ = "messages"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="idx_messages_pk"),
        CheckConstraint("num_nonnulls(conversation_id, room_id) = 1", name="one_parent"),
        one_of("sender_type", SenderType),
        CheckConstraint(
            "sender_type = 'system' OR (room_id IS NULL) = (sender_type IN ('user', 'assistant', 'tool'))", name="sender_fits_parent"
        ),
        one_of("content_type", ContentType),
        one_of("translation_status", TranslationStatus),
        CheckConstraint("translated_content IS NULL OR translated_lang IS NOT NULL", name="translation_has_language"),
        CheckConstraint("translation_status NOT IN ('done', 'reviewed') OR translated_content IS NOT NULL", name="translated_has_content"),
        one_of("status", MessageStatus),
        CheckConstraint("input_tokens >= 0", name="input_tokens_not_negative"),
        CheckConstraint("output_tokens >= 0", name="output_tokens_not_negative"),
        is_object("metadata"),
        Index("idx_messages_room_id", "room_id"),
        Index("idx_messages_timestamp", text("created_at DESC")),
        Index("idx_messages_room_timestamp", "room_id", text("created_at DESC")),
        # Without it the planner walks the global created_at index for the newest 50 of a conversation.
        Index(
            "idx_messages_conversation_timestamp",
            "conversation_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("conversation_id IS NOT NULL"),
        ),
        Index("idx_messages_parent", "parent_message_id", postgresql_where=text("parent_message_id IS NOT NULL")),
        Index("idx_messages_user", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index("idx_messages_agent", "agent_id", postgresql_where=text("agent_id IS NOT NULL")),
        Index(
            "uq_messages_client_id",
            text("coalesce(room_id, conversation_id)"),
            "client_msg_id",
            unique=True,
            postgresql_where=text("client_msg_id IS NOT NULL"),
        ),
        Index("idx_messages_translation_pending", "created_at", postgresql_where=text("translation_status = 'pending'")),
    )

    conversation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"),
        doc="The conversation, unless it belongs to a room.",
        info=KEEP,
    )
    room_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("chat_rooms.id", ondelete="CASCADE"),
        doc="The room, unless it belongs to a conversation.",
        info=KEEP,
    )
    parent_message_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL"),
        doc="What it answers or branches from.",
        info=KEEP,
    )
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), doc="Who wrote it, if a user did.", info=HMAC)
    agent_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("agents.id", ondelete="SET NULL"), doc="Who wrote it, if an agent did.", info=HMAC
    )
    sender_type: Mapped[SenderType] = mapped_column(Choice(SenderType), doc="Who speaks.", info=KEEP)
    content: Mapped[str] = mapped_column(server_default="", doc="As written.", info=TEXT)
    content_type: Mapped[ContentType] = mapped_column(
        Choice(ContentType), server_default=ContentType.TEXT, doc="How to show it.", info=KEEP
    )
    original_lang: Mapped[str | None] = mapped_column(doc="BCP 47: the language of content.", info=KEEP)
    translated_content: Mapped[str | None] = mapped_column(doc="For the other side to read.", info=TEXT)
    translated_lang: Mapped[str | None] = mapped_column(doc="BCP 47: the language of translated_content.", info=KEEP)
    translation_status: Mapped[TranslationStatus] = mapped_column(
        Choice(TranslationStatus),
        server_default=TranslationStatus.NONE,
        doc="How far the translation is.",
        info=KEEP,
    )
    model: Mapped[str | None] = mapped_column(doc="Which model wrote or translated it.", info=KEEP)
    input_tokens: Mapped[int | None] = mapped_column(Integer, doc="Tokens the model read.", info=KEEP)
    output_tokens: Mapped[int | None] = mapped_column(Integer, doc="Tokens the model wrote.", info=KEEP)
    status: Mapped[MessageStatus] = mapped_column(Choice(MessageStatus), server_default=MessageStatus.DONE, doc="How far it is.", info=KEEP)
    error: Mapped[str | None] = mapped_column(doc="Why it failed, for the developer.", info=TEXT)
    client_msg_id: Mapped[str | None] = mapped_column(doc="The sender's own id, unique in its parent: sending twice is safe.", info=NULL)
    metadata_: Mapped[Json] = mapped_column("metadata", server_default="{}", doc="Attachments, citations, tool calls.", info=EMPTY)
    deleted_at: Mapped[datetime | None] = mapped_column(doc="Soft delete.", info=KEEP)

    conversation: Mapped[Conversation | None] = relationship(back_populates="messages")
    room: Mapped[ChatRoom | None] = relationship(back_populates="messages")
    parent_message: Mapped[Message | None] = relationship(remote_side="Message.id")
    user: Mapped[User | None] = relationship()
    agent: Mapped[Agent | None] = relationship()
