"""AI usage a day, rolled up from ai_request_stats by aggregate_ai_usage; kept when the requests are gone."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app_schema.models.base import Base, Identified
from app_schema.models.mask import HMAC, KEEP


class AiUsageDaily(Identified, Base):
    """One day of one user, provider, model, operation and currency."""

    __tablename__ = "ai_usage_daily"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso4217"),
        UniqueConstraint(
            "day",
            "user_id",
            "provider",
            "model",
            "operation",
            "currency",
            name="uq_ai_usage_daily_day_user",
            postgresql_nulls_not_distinct=True,
        ),
        Index("idx_ai_usage_daily_user_day", "user_id", text("day DESC")),
    )

    day: Mapped[date] = mapped_column(Date, doc="In Seoul.", info=KEEP)
    user_id: Mapped[UUID | None] = mapped_column(doc="users.id; NULL: nobody in particular.", info=HMAC)
    provider: Mapped[str] = mapped_column(doc="Who answered.", info=KEEP)
    model: Mapped[str] = mapped_column(doc="Which model.", info=KEEP)
    operation: Mapped[str] = mapped_column(doc="What was asked.", info=KEEP)
    requests: Mapped[int] = mapped_column(BigInteger, doc="How many.", info=KEEP)
    errors: Mapped[int] = mapped_column(BigInteger, doc="How many of them failed.", info=KEEP)
    input_tokens: Mapped[int] = mapped_column(BigInteger, doc="Tokens read.", info=KEEP)
    output_tokens: Mapped[int] = mapped_column(BigInteger, doc="Tokens written.", info=KEEP)
    cache_read_tokens: Mapped[int] = mapped_column(BigInteger, doc="Tokens read from the provider's cache.", info=KEEP)
    cost: Mapped[Decimal] = mapped_column(Numeric(18, 9), doc="In currency.", info=KEEP)
    currency: Mapped[str] = mapped_column(server_default="USD", doc="ISO 4217; sums never mix two.", info=KEEP)
    latency_ms_sum: Mapped[int] = mapped_column(BigInteger, doc="Milliseconds, summed over the requests.", info=KEEP)
    refreshed_at: Mapped[datetime] = mapped_column(server_default=func.now(), doc="When the day was rolled up.", info=KEEP)
