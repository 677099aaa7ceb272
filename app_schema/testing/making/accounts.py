"""People, and the devices they are signed in with."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app_schema.models import Agent, AgentSession, AgentStatus, CustomerSession, User, UserSession, UserStatus
from app_schema.testing.making.rows import NOW, Columns, Rows, has, unique

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = timedelta(days=1)


class Accounts(Rows):
    """Users, agents, customers and their sessions."""

    def user(self, *, status: UserStatus | str | None = None, **columns: Any) -> User:
        """Make a user, active unless told otherwise; signs in with ``PASSWORD``."""
        status = status or (UserStatus.DELETED if columns.get("deleted_at") else UserStatus.ACTIVE)
        facts = {"deleted_at": NOW} if status == UserStatus.DELETED else {}
        return self._add(
            User, columns, status=status, email=f"{unique('user')}@example.kr", name="김민수", **facts, **self._password(columns)
        )

    def agent(self, *, status: AgentStatus | str = AgentStatus.ONLINE, **columns: Any) -> Agent:
        """Make an agent, online unless told otherwise; signs in with ``PASSWORD``."""
        email = f"{unique('agent')}@example.kr"
        return self._add(Agent, columns, status=status, email=email, name="이상담", **self._password(columns))

    def session(self, **columns: Any) -> UserSession:
        """Make a sign-in of a user, good for a day. ``token="…"`` is the raw token, stored as its hash."""
        user = {} if has(columns, "user") else {"user_id": self.user().id}
        return self._add(UserSession, columns, **_device(columns), **user)

    def agent_session(self, **columns: Any) -> AgentSession:
        """Make a sign-in of an agent, good for a day. ``token="…"`` is the raw token, stored as its hash."""
        agent = {} if has(columns, "agent") else {"agent_id": self.agent().id}
        return self._add(AgentSession, columns, **_device(columns), **agent)

    def customer_session(self, **columns: Any) -> CustomerSession:
        """Make a customer's visit, good for a day. ``token="…"`` is the raw token, stored as its hash."""
        return self._add(CustomerSession, columns, **_device(columns), display_name="Alex", consent_at=NOW)

    def _password(self, given: Mapping[str, Any]) -> Columns:
        return {} if "password" in given else {"password_hash": self._PASSWORD_HASH}


def _device(given: Mapping[str, Any]) -> Columns:
    return {"token": secrets.token_urlsafe(32), "expires_at": given.get("created_at", NOW) + DAY}
