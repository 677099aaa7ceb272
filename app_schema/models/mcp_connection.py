"""Connections to MCP servers: where they are, how to sign in, how they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from app_schema.keyring import Sealed
from app_schema.models.base import Base, Identified, Timestamps
from app_schema.models.choice import Choice, one_of
from app_schema.models.mask import EMPTY, HMAC, KEEP, NAME, NULL, TEXT
from app_schema.models.types import PUBLIC_URL

if TYPE_CHECKING:
    from app_schema.models.user import User


class Transport(StrEnum):
    """How the server is spoken to."""

    STDIO = "stdio"
    SSE = "sse"
    STREAMABLE_HTTP = "streamable_http"
    WEBSOCKET = "websocket"


class AuthType(StrEnum):
    """How to sign in."""

    NONE = "none"
    BEARER = "bearer"
    API_KEY = "api_key"
    OAUTH2 = "oauth2"


class McpStatus(StrEnum):
    """What the last health check saw."""

    UNKNOWN = "unknown"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    ERROR = "error"


class McpConnection(Identified, Timestamps, Base):
    """One server. Its secrets are sealed to this row: ``keyring.seal(secrets, owner=row.id, column="mcp_connections.secrets")``.

    Its address comes from a user. Whoever calls it resolves it with :func:`app_schema.addresses.reachable` first and connects to one
    of the addresses that this returns: the domain of the column looks at the text alone, and knows nothing of where a name leads.
    """

    __tablename__ = "mcp_connections"
    __table_args__ = (
        UniqueConstraint("user_id", "name", name="uq_mcp_connections_user_id_name", postgresql_nulls_not_distinct=True),
        one_of("transport", Transport),
        one_of("auth_type", AuthType),
        one_of("status", McpStatus),
        CheckConstraint(
            "(transport = 'stdio') = (command IS NOT NULL) AND (transport = 'stdio') = (server_url IS NULL)", name="stdio_has_command"
        ),
        CheckConstraint("num_nonnulls(secrets_ciphertext, secrets_nonce, kek_id) IN (0, 3)", name="secrets_whole"),
        CheckConstraint("octet_length(secrets_nonce) = 12", name="secrets_nonce_is_12_bytes"),
        CheckConstraint("jsonb_typeof(tools_cache) IN ('array', 'object')", name="tools_cache_is_list"),
        CheckConstraint("status <> 'error' OR last_error IS NOT NULL", name="error_has_message"),
        Index("idx_mcp_connections_health", text("last_health_check NULLS FIRST"), postgresql_where=text("enabled")),
    )

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), doc="Whose; NULL: shared by all.", info=HMAC)
    name: Mapped[str] = mapped_column(doc="Unique for the user.", info=NAME)
    transport: Mapped[Transport] = mapped_column(
        Choice(Transport),
        server_default=Transport.STREAMABLE_HTTP,
        doc="How the server is spoken to.",
        info=KEEP,
    )
    server_url: Mapped[str | None] = mapped_column(PUBLIC_URL, doc="Without credentials; set unless stdio.", info=HMAC)
    command: Mapped[str | None] = mapped_column(doc="The program to start; set exactly for stdio.", info=TEXT)
    args: Mapped[list[str]] = mapped_column(server_default="{}", doc="Its arguments; no secrets here.", info=EMPTY)
    auth_type: Mapped[AuthType] = mapped_column(Choice(AuthType), server_default=AuthType.NONE, doc="How to sign in.", info=KEEP)
    secrets_ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary, doc="AES-256-GCM ciphertext and tag.", info=HMAC)
    secrets_nonce: Mapped[bytes | None] = mapped_column(LargeBinary, doc="12 bytes.", info=HMAC)
    kek_id: Mapped[str | None] = mapped_column(doc="Which encryption key sealed them.", info=KEEP)
    allowed_tools: Mapped[list[str] | None] = mapped_column(doc="NULL: all of them.", info=KEEP)
    tools_cache: Mapped[Any | None] = mapped_column(JSONB, doc="What the server last said it offers.", info=NULL)
    status: Mapped[McpStatus] = mapped_column(
        Choice(McpStatus), server_default=McpStatus.UNKNOWN, doc="What the last health check saw.", info=KEEP
    )
    enabled: Mapped[bool] = mapped_column(server_default=text("true"), doc="Whether it is used and checked.", info=KEEP)
    last_health_check: Mapped[datetime | None] = mapped_column(doc="When it was last checked.", info=KEEP)
    last_error: Mapped[str | None] = mapped_column(doc="What the last failing check said.", info=TEXT)

    secrets: Mapped[Sealed | None] = composite("secrets_ciphertext", "secrets_nonce", "kek_id")

    user: Mapped[User | None] = relationship()
