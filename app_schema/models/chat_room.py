"""Chat rooms: one row a customer's request for support, from the queue to its end."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Identified, Json, Timestamps
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import EMPTY, HMAC, KEEP, TEXT

if TYPE_CHECKING:
    from app_schema.models.agent import Agent
    from app_schema.models.customer_session import CustomerSession
    from app_schema.models.message import Message


class RoomStatus(StrEnum):
    """Where a room stands: in the queue, being served, over."""

    WAITING = "waiting"
    ACTIVE = "active"
    CLOSED = "closed"


class ChatRoom(Identified, Timestamps, Base):
    """A support chat. ``claim_room`` moves it from waiting to active."""

    __tablename__ = "chat_rooms"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="idx_chat_rooms_pk"),
        one_of("status", RoomStatus),
        is_object("metadata"),
        CheckConstraint("(status = 'waiting') = (waiting_since IS NOT NULL)", name="waiting_has_time"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
        CheckConstraint("status <> 'waiting' OR agent_id IS NULL", name="waiting_has_no_agent"),
        Index("idx_chat_rooms_agent_id", "agent_id"),
        Index("idx_chat_rooms_status", "status"),
        Index("idx_chat_rooms_created_at", text("created_at DESC")),
        Index("idx_chat_rooms_agent_status", "agent_id", "status"),
        Index("idx_chat_rooms_waiting", text("priority DESC"), "waiting_since", "id", postgresql_where=text("status = 'waiting'")),
        Index("idx_chat_rooms_customer_session", "customer_session_id", text("created_at DESC")),
        {"postgresql_with": {"fillfactor": 80}},  # last_message_at moves at every message: keep those updates HOT
    )

    customer_session_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customer_sessions.id", ondelete="SET NULL"),
        doc="Who asked; NULL once the visit is cleaned up.",
        info=HMAC,
    )
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"), doc="Who serves it.", info=HMAC)
    status: Mapped[RoomStatus] = mapped_column(
        Choice(RoomStatus), server_default=RoomStatus.WAITING, doc="Where the room stands.", info=KEEP
    )
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0", doc="Higher is served first.", info=KEEP)
    source_lang: Mapped[str] = mapped_column(server_default="en", doc="BCP 47: what the customer writes.", info=KEEP)
    target_lang: Mapped[str] = mapped_column(server_default="ko", doc="BCP 47: what the agent reads.", info=KEEP)
    department: Mapped[str | None] = mapped_column(doc="Which team should answer.", info=KEEP)
    waiting_since: Mapped[datetime | None] = mapped_column(
        server_default=func.now(), doc="In the queue since; set exactly while waiting.", info=KEEP
    )
    assigned_at: Mapped[datetime | None] = mapped_column(doc="When an agent took it.", info=KEEP)
    first_reply_at: Mapped[datetime | None] = mapped_column(doc="The agent's first message.", info=KEEP)
    closed_at: Mapped[datetime | None] = mapped_column(doc="Set exactly when closed.", info=KEEP)
    close_reason: Mapped[str | None] = mapped_column(doc="Why it ended, in the agent's words or a code.", info=TEXT)
    agent_last_read_at: Mapped[datetime | None] = mapped_column(doc="The agent has read up to here.", info=KEEP)
    customer_last_read_at: Mapped[datetime | None] = mapped_column(doc="The customer has read up to here.", info=KEEP)
    last_message_at: Mapped[datetime | None] = mapped_column(doc="The newest message, exactly; moved by record_message.", info=KEEP)
    metadata_: Mapped[Json] = mapped_column("metadata", server_default="{}", doc="Tags, ticket numbers and the like.", info=EMPTY)

    customer_session: Mapped[CustomerSession | None] = relationship(back_populates="rooms")
    agent: Mapped[Agent | None] = relationship(back_populates="rooms")
    messages: Mapped[list[Message]] = relationship(
        back_populates="room", cascade="all", passive_deletes=True, order_by="(Message.created_at, Message.id)"
    )
