"""Visits of customers who ask for support without an account."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Created, Json, Person
from app_schema.models.choice import is_object
from app_schema.models.mask import EMPTY, HMAC, KEEP, NAME
from app_schema.models.types import HashedToken, TokenHash

if TYPE_CHECKING:
    from app_schema.models.chat_room import ChatRoom


class CustomerSession(Person, Created, Base):
    """A customer's visit."""

    __tablename__ = "customer_sessions"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="idx_customer_sessions_pk"),
        UniqueConstraint("token", name="uq_customer_sessions_token"),
        CheckConstraint("language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'", name="language_is_bcp47"),
        is_object("metadata"),
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        Index("idx_customer_sessions_created_at", "created_at"),
        Index("idx_customer_sessions_last_active", "last_active"),
        Index("idx_customer_sessions_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 80}},
    )

    token: Mapped[TokenHash | None] = mapped_column(
        HashedToken, doc="SHA-256 of the token, in hex; NULL for a visit that cannot return.", info=HMAC
    )
    display_name: Mapped[str | None] = mapped_column(doc="What the customer asked to be called.", info=NAME)
    language: Mapped[str] = mapped_column(server_default="en", doc="BCP 47: what the customer writes.", info=KEEP)
    consent_at: Mapped[datetime | None] = mapped_column(doc="When the customer agreed to the processing of personal data.", info=KEEP)
    metadata_: Mapped[Json] = mapped_column("metadata", server_default="{}", doc="Referrer, device, campaign and the like.", info=EMPTY)
    expires_at: Mapped[datetime | None] = mapped_column(doc="The visit ends here; NULL: by idleness alone.", info=KEEP)
    last_active: Mapped[datetime] = mapped_column(server_default=func.now(), doc="Written at most once a minute.", info=KEEP)

    rooms: Mapped[list[ChatRoom]] = relationship(back_populates="customer_session", passive_deletes=True)
