"""What the answer cache holds and how often it helped; the answers themselves lie elsewhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app_schema.models.base import Base, Created, Identified
from app_schema.models.mask import HMAC, KEEP
from app_schema.models.types import SHA256_HEX


class CacheMetadata(Identified, Created, Base):
    """One cached answer."""

    __tablename__ = "cache_metadata"
    __table_args__ = (
        UniqueConstraint("cache_key", name="uq_cache_metadata_cache_key"),
        CheckConstraint("size_bytes >= 0", name="size_bytes_not_negative"),
        CheckConstraint("hit_count >= 0", name="hit_count_not_negative"),
        CheckConstraint("miss_count >= 0", name="miss_count_not_negative"),
        CheckConstraint("tokens_saved >= 0", name="tokens_saved_not_negative"),
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        Index("idx_cache_metadata_expires", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index("idx_cache_metadata_namespace", "namespace"),
        {"postgresql_with": {"fillfactor": 70}},  # counters are unindexed: keep their updates HOT
    )

    cache_key: Mapped[str] = mapped_column(SHA256_HEX, doc="SHA-256 of the request, in hex; unique.", info=HMAC)
    namespace: Mapped[str] = mapped_column(doc="Which cache.", info=KEEP)
    model: Mapped[str | None] = mapped_column(doc="The model that answered.", info=KEEP)
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0", doc="Bytes of the answer.", info=KEEP)
    hit_count: Mapped[int] = mapped_column(BigInteger, server_default="0", doc="Times it was used.", info=KEEP)
    miss_count: Mapped[int] = mapped_column(BigInteger, server_default="0", doc="Times it was wanted and not there.", info=KEEP)
    tokens_saved: Mapped[int] = mapped_column(BigInteger, server_default="0", doc="Tokens that hits did not cost.", info=KEEP)
    last_hit_at: Mapped[datetime | None] = mapped_column(doc="When it was last used.", info=KEEP)
    expires_at: Mapped[datetime | None] = mapped_column(doc="Not used from here on.", info=KEEP)
