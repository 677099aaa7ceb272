"""People who sign in to the AI chat: one row each. Soft-deleted, never reused."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Json, Person, Timestamps
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import EMAIL, EMPTY, KEEP, NAME, PASSWORD, PHONE
from app_schema.models.password import PasswordHolder
from app_schema.models.types import BcryptPassword, PasswordHash

if TYPE_CHECKING:
    from app_schema.models.api_key import ApiKey
    from app_schema.models.conversation import Conversation
    from app_schema.models.document import Document
    from app_schema.models.user_session import UserSession
    from app_schema.models.workflow import Workflow


class UserRole(StrEnum):
    """What a user may do."""

    USER = "user"
    STAFF = "staff"
    ADMIN = "admin"
    SERVICE = "service"


class UserStatus(StrEnum):
    """Where an account stands; ``deleted`` goes with ``deleted_at``."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"


class User(PasswordHolder, Person, Timestamps, Base):
    """An account."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email) AND position('@' in email) > 1", name="email_lower_case"),
        one_of("role", UserRole),
        one_of("status", UserStatus),
        is_object("settings"),
        CheckConstraint("failed_login_count >= 0", name="failed_login_count_not_negative"),
        CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name="deleted_has_time"),
        UniqueConstraint("email", name="uq_users_email"),
        Index("idx_users_status", "status", postgresql_where=text("status <> 'active'")),
    )

    email: Mapped[str] = mapped_column(doc="Lower case, unique, also among the deleted.", info=EMAIL)
    password_hash: Mapped[PasswordHash | None] = mapped_column(
        BcryptPassword, doc="bcrypt, cost 10 or more; NULL for single sign-on.", info=PASSWORD
    )
    name: Mapped[str] = mapped_column(doc="As the person writes it.", info=NAME)
    phone: Mapped[str | None] = mapped_column(doc="As given; not verified.", info=PHONE)
    role: Mapped[UserRole] = mapped_column(Choice(UserRole), server_default=UserRole.USER, doc="What the user may do.", info=KEEP)
    status: Mapped[UserStatus] = mapped_column(
        Choice(UserStatus), server_default=UserStatus.ACTIVE, doc="Where the account stands.", info=KEEP
    )
    locale: Mapped[str] = mapped_column(server_default="ko-KR", doc="BCP 47.", info=KEEP)
    time_zone: Mapped[str] = mapped_column(server_default="Asia/Seoul", doc="IANA name.", info=KEEP)
    settings: Mapped[Json] = mapped_column(server_default="{}", doc="The user's preferences.", info=EMPTY)
    failed_login_count: Mapped[int] = mapped_column(SmallInteger, server_default="0", doc="Since the last success.", info=KEEP)
    locked_until: Mapped[datetime | None] = mapped_column(doc="No sign-in before this.", info=KEEP)
    last_login: Mapped[datetime | None] = mapped_column(doc="The last successful sign-in.", info=KEEP)
    deleted_at: Mapped[datetime | None] = mapped_column(doc="Soft delete.", info=KEEP)

    sessions: Mapped[list[UserSession]] = relationship(back_populates="user", cascade="all", passive_deletes=True)
    conversations: Mapped[list[Conversation]] = relationship(back_populates="user", cascade="all", passive_deletes=True)
    documents: Mapped[list[Document]] = relationship(back_populates="user", cascade="all", passive_deletes=True)
    workflows: Mapped[list[Workflow]] = relationship(back_populates="user", passive_deletes=True)
    api_keys: Mapped[list[ApiKey]] = relationship(back_populates="user", cascade="all", passive_deletes=True, foreign_keys="ApiKey.user_id")
