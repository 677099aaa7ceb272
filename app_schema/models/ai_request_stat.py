"""AI requests: one row each, append-only, partitioned by month (Seoul)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Date, Index, Integer, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app_schema.models.base import Base, Identified
from app_schema.models.choice import Choice, one_of
from app_schema.models.mask import HMAC, KEEP


class AiOperation(StrEnum):
    """What was asked of the model."""

    CHAT = "chat"
    TRANSLATE = "translate"
    EMBED = "embed"
    STT = "stt"
    TTS = "tts"
    MODERATE = "moderate"


class AiRequestStatus(StrEnum):
    """How it went."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    BLOCKED = "blocked"
    CACHED = "cached"


class AiRequestStat(Identified, Base):
    """One request. Ids of other tables stand without foreign keys: each new partition would lock those tables."""

    __tablename__ = "ai_request_stats"
    __table_args__ = (
        one_of("operation", AiOperation),
        one_of("status", AiRequestStatus),
        CheckConstraint("input_tokens >= 0", name="input_tokens_not_negative"),
        CheckConstraint("output_tokens >= 0", name="output_tokens_not_negative"),
        CheckConstraint("cache_read_tokens >= 0", name="cache_read_tokens_not_negative"),
        CheckConstraint("cache_write_tokens >= 0", name="cache_write_tokens_not_negative"),
        CheckConstraint("cost >= 0", name="cost_not_negative"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso4217"),
        CheckConstraint("latency_ms >= 0", name="latency_ms_not_negative"),
        CheckConstraint("first_token_ms >= 0", name="first_token_ms_not_negative"),
        # Not unique: on a partitioned table that would need created_at as well.
        Index("idx_ai_request_stats_request_id", "request_id"),
        Index("idx_ai_request_stats_user_created", "user_id", text("created_at DESC")),
        Index("idx_ai_request_stats_day", "day_kst", "model"),
        Index("idx_ai_request_stats_created", "created_at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    created_at: Mapped[datetime] = mapped_column(
        primary_key=True, server_default=func.now(), doc="When it was sent; the partition key.", info=KEEP
    )
    request_id: Mapped[UUID] = mapped_column(doc="Ties it to the log.", info=KEEP)
    user_id: Mapped[UUID | None] = mapped_column(doc="users.id: on whose behalf.", info=HMAC)
    api_key_id: Mapped[UUID | None] = mapped_column(doc="api_keys.id: with which key.", info=KEEP)
    conversation_id: Mapped[UUID | None] = mapped_column(doc="conversations.id, if in one.", info=KEEP)
    room_id: Mapped[UUID | None] = mapped_column(doc="chat_rooms.id, if in one.", info=KEEP)
    message_id: Mapped[UUID | None] = mapped_column(doc="messages.id that it made.", info=KEEP)
    operation: Mapped[AiOperation] = mapped_column(Choice(AiOperation), server_default=AiOperation.CHAT, doc="What was asked.", info=KEEP)
    provider: Mapped[str] = mapped_column(doc="Who answered.", info=KEEP)
    model: Mapped[str] = mapped_column(doc="Which model.", info=KEEP)
    status: Mapped[AiRequestStatus] = mapped_column(
        Choice(AiRequestStatus), server_default=AiRequestStatus.OK, doc="How it went.", info=KEEP
    )
    input_tokens: Mapped[int] = mapped_column(Integer, server_default="0", doc="Tokens read.", info=KEEP)
    output_tokens: Mapped[int] = mapped_column(Integer, server_default="0", doc="Tokens written.", info=KEEP)
    cache_read_tokens: Mapped[int] = mapped_column(Integer, server_default="0", doc="Tokens read from the provider's cache.", info=KEEP)
    cache_write_tokens: Mapped[int] = mapped_column(Integer, server_default="0", doc="Tokens written to the provider's cache.", info=KEEP)
    cost: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default="0", doc="In currency.", info=KEEP)
    currency: Mapped[str] = mapped_column(server_default="USD", doc="ISO 4217.", info=KEEP)
    price_version: Mapped[str | None] = mapped_column(doc="Which price list cost was computed from.", info=KEEP)
    latency_ms: Mapped[int | None] = mapped_column(Integer, doc="Milliseconds to the whole answer.", info=KEEP)
    first_token_ms: Mapped[int | None] = mapped_column(Integer, doc="Milliseconds to the first token.", info=KEEP)
    error_code: Mapped[str | None] = mapped_column(doc="The provider's code when it failed.", info=KEEP)
    # Generated, since a cast at query time would not use an index.
    day_kst: Mapped[date | None] = mapped_column(
        Date,
        Computed("(created_at AT TIME ZONE 'Asia/Seoul')::date", persisted=True),
        doc="The day in Seoul.",
        info=KEEP,
    )
