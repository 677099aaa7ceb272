"""System logs: partitioned by month (Seoul), without personal data or secrets, kept for a while and dropped."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

from sqlalchemy import Index, func, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from app_schema.models.base import Base, Identified, Json
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import EMPTY, HMAC, IP, KEEP, TEXT


class LogLevel(StrEnum):
    """How grave."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"


class Log(Identified, Base):
    """One event. The trigger ``logs_redact_log`` masks what must not be kept."""

    __tablename__ = "logs"
    __table_args__ = (
        one_of("level", LogLevel),
        is_object("context"),
        Index("idx_logs_created_at", text("created_at DESC"), text("id DESC")),
        Index("idx_logs_error", text("created_at DESC"), text("id DESC"), postgresql_where=text("level IN ('error', 'fatal')")),
        Index("idx_logs_user", "user_id", text("created_at DESC"), postgresql_where=text("user_id IS NOT NULL")),
        Index("idx_logs_request", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    created_at: Mapped[datetime] = mapped_column(
        primary_key=True, server_default=func.now(), doc="When it happened; the partition key.", info=KEEP
    )
    level: Mapped[LogLevel] = mapped_column(Choice(LogLevel), doc="How grave.", info=KEEP)
    source: Mapped[str] = mapped_column(server_default="app", doc="Which service.", info=KEEP)
    event: Mapped[str | None] = mapped_column(doc="A short name to count by.", info=KEEP)
    message: Mapped[str] = mapped_column(doc="For people; masked on the way in.", info=TEXT)
    context: Mapped[Json] = mapped_column(server_default="{}", doc="Whatever helps; masked on the way in, however deep.", info=EMPTY)
    user_id: Mapped[UUID | None] = mapped_column(doc="users.id, without a foreign key: logs outlive users.", info=HMAC)
    request_id: Mapped[UUID | None] = mapped_column(doc="Ties the lines of one request together.", info=KEEP)
    ip: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET, doc="The client's address.", info=IP)
