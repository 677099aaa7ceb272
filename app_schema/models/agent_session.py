"""Signed-in devices of agents: one row a sign-in, removed some time after it has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base
from app_schema.models.mask import HMAC
from app_schema.models.sign_in import SignIn

if TYPE_CHECKING:
    from app_schema.models.agent import Agent


class AgentSession(SignIn, Base):
    """An agent's sign-in."""

    __tablename__ = "agent_sessions"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="idx_agent_sessions_pk"),
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        Index("idx_agent_sessions_token", "token", unique=True),
        Index("idx_agent_sessions_agent_id", "agent_id"),
        Index("idx_agent_sessions_expires_at", "expires_at"),
        Index("idx_agent_sessions_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    )

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), sort_order=1, doc="Whose sign-in.", info=HMAC)

    agent: Mapped[Agent] = relationship(back_populates="sessions")
