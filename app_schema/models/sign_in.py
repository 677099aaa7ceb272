"""What the sessions of users and of agents share: a token that is never stored, an end, a trace."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from app_schema.models.base import Created, Identified
from app_schema.models.mask import HMAC, IP, KEEP, TEXT
from app_schema.models.types import HashedToken, TokenHash


class SignIn(Identified, Created):
    """Columns of one signed-in device. Compare ``token`` with the raw token; its SHA-256 is what is stored."""

    token: Mapped[TokenHash] = mapped_column(HashedToken, sort_order=2, doc="SHA-256 of the token, in hex; never the token.", info=HMAC)
    expires_at: Mapped[datetime] = mapped_column(sort_order=3, doc="The session ends here.", info=KEEP)
    last_active: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=4, doc="Written at most once a minute.", info=KEEP)
    revoked_at: Mapped[datetime | None] = mapped_column(sort_order=5, doc="Signed out, or cut off by an administrator.", info=KEEP)
    ip: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET, sort_order=6, doc="Where the sign-in came from.", info=IP)
    user_agent: Mapped[str | None] = mapped_column(sort_order=7, doc="The client's User-Agent header.", info=TEXT)
