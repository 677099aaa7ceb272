"""Conversations of a user with the AI."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Identified, Json, Timestamps
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import EMPTY, HMAC, KEEP, TEXT

if TYPE_CHECKING:
    from app_schema.models.document import Document
    from app_schema.models.message import Message
    from app_schema.models.user import User


class ConversationStatus(StrEnum):
    """Whether a conversation is in the list or put away."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class Conversation(Identified, Timestamps, Base):
    """A thread of messages between a user and the AI."""

    __tablename__ = "conversations"
    __table_args__ = (
        one_of("status", ConversationStatus),
        is_object("metadata"),
        # Both: a generic plan cannot use the partial one.
        Index("idx_conversations_user_id", "user_id"),
        Index(
            "idx_conversations_user_recent",
            "user_id",
            text("last_message_at DESC"),
            text("id DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("idx_conversations_deleted", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 80}},
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), doc="Whose conversation.", info=HMAC)
    title: Mapped[str] = mapped_column(server_default="", doc="Made by the AI or given by the user.", info=TEXT)
    model: Mapped[str | None] = mapped_column(doc="The model it is held with.", info=KEEP)
    system_prompt: Mapped[str | None] = mapped_column(doc="What the model was told beforehand.", info=TEXT)
    status: Mapped[ConversationStatus] = mapped_column(
        Choice(ConversationStatus),
        server_default=ConversationStatus.ACTIVE,
        doc="In the list or put away.",
        info=KEEP,
    )
    pinned: Mapped[bool] = mapped_column(server_default=text("false"), doc="Stays at the top of the list.", info=KEEP)
    metadata_: Mapped[Json] = mapped_column("metadata", server_default="{}", doc="Tags, tool settings and the like.", info=EMPTY)
    last_message_at: Mapped[datetime] = mapped_column(
        server_default=func.now(),
        doc="The newest message, at most 5 seconds late; moved by record_message.",
        info=KEEP,
    )
    last_read_at: Mapped[datetime | None] = mapped_column(doc="The user has read up to here.", info=KEEP)
    deleted_at: Mapped[datetime | None] = mapped_column(doc="Soft delete.", info=KEEP)

    user: Mapped[User] = relationship(back_populates="conversations")
    messages: Mapped[list[Message]] = relationship(
        back_populates="conversation", cascade="all", passive_deletes=True, order_by="(Message.created_at, Message.id)"
    )
    documents: Mapped[list[Document]] = relationship(back_populates="conversation", passive_deletes=True)
