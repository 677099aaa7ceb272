"""Signed-in devices of users: one row a sign-in, removed some time after it has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base
from app_schema.models.mask import HMAC
from app_schema.models.sign_in import SignIn

if TYPE_CHECKING:
    from app_schema.models.user import User


class UserSession(SignIn, Base):
    """A user's sign-in."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        Index("idx_sessions_token", "token", unique=True),
        Index("idx_sessions_user_id", "user_id", text("expires_at DESC")),
        Index("idx_sessions_expires_at", "expires_at"),
        Index("idx_sessions_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), sort_order=1, doc="Whose sign-in.", info=HMAC)

    user: Mapped[User] = relationship(back_populates="sessions")
