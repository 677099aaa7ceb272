"""Support agents: people who answer customers in chat rooms."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Person, Timestamps
from app_schema.models.choice import Choice, one_of
from app_schema.models.mask import EMAIL, HMAC, KEEP, NAME, PASSWORD
from app_schema.models.password import PasswordHolder
from app_schema.models.types import BcryptPassword, PasswordHash

if TYPE_CHECKING:
    from app_schema.models.agent_session import AgentSession
    from app_schema.models.chat_room import ChatRoom
    from app_schema.models.user import User


class AgentRole(StrEnum):
    """What an agent may do."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class AgentStatus(StrEnum):
    """Whether an agent can be reached."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


class Agent(PasswordHolder, Person, Timestamps, Base):
    """An agent; ``claim_room`` gives at most ``max_rooms`` active rooms to one that ``is_active``."""

    __tablename__ = "agents"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="idx_agents_pk"),
        CheckConstraint("email = lower(email) AND position('@' in email) > 1", name="email_lower_case"),
        one_of("role", AgentRole),
        one_of("status", AgentStatus),
        CheckConstraint("cardinality(languages) > 0", name="languages_not_empty"),
        CheckConstraint("max_rooms BETWEEN 0 AND 100", name="max_rooms_in_range"),
        UniqueConstraint("user_id", name="uq_agents_user_id"),
        Index("idx_agents_email", "email", unique=True),
        Index("idx_agents_status", "status"),
        Index("idx_agents_last_login", text("last_login DESC")),
        Index("idx_agents_languages", "languages", postgresql_using="gin"),
    )

    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), doc="The agent's own account, if any.", info=HMAC
    )
    email: Mapped[str] = mapped_column(doc="Lower case, unique.", info=EMAIL)
    password_hash: Mapped[PasswordHash] = mapped_column(BcryptPassword, doc="bcrypt, cost 10 or more.", info=PASSWORD)
    name: Mapped[str] = mapped_column(doc="As customers see it.", info=NAME)
    role: Mapped[AgentRole] = mapped_column(Choice(AgentRole), server_default=AgentRole.AGENT, doc="What the agent may do.", info=KEEP)
    status: Mapped[AgentStatus] = mapped_column(
        Choice(AgentStatus), server_default=AgentStatus.OFFLINE, doc="Whether to be reached.", info=KEEP
    )
    languages: Mapped[list[str]] = mapped_column(server_default="{ko}", doc="BCP 47, best first.", info=KEEP)
    max_rooms: Mapped[int] = mapped_column(SmallInteger, server_default="5", doc="Active rooms at one time, 0 to 100.", info=KEEP)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), doc="Still employed here.", info=KEEP)
    last_login: Mapped[datetime | None] = mapped_column(doc="The last successful sign-in.", info=KEEP)

    user: Mapped[User | None] = relationship()
    sessions: Mapped[list[AgentSession]] = relationship(back_populates="agent", cascade="all", passive_deletes=True)
    rooms: Mapped[list[ChatRoom]] = relationship(back_populates="agent", passive_deletes=True)
