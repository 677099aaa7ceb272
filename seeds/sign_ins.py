"""What the sign-ins of users and agents share; no table of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .world import World


class SignIn(NamedTuple):
    id: str
    token: str
    expires_at: datetime
    last_active: datetime
    revoked_at: datetime | None
    ip: str
    user_agent: str
    created_at: datetime


def sign_in(world: World, table: str, number: int, since: datetime) -> SignIn:
    """Sign somebody in who exists since then: lately or long ago, still valid, expired or revoked."""
    dice = world.dice(table, number)
    created = max(since, world.past(dice.random() ** 2, 40))
    life = timedelta(days=14)
    last_active = created + (min(world.now, created + life) - created) * dice.random()
    return SignIn(
        id=world.id(created, table, number),
        token=world.digest("token", table, number).hex(),
        expires_at=created + life,
        last_active=last_active,
        revoked_at=last_active if number % 7 == 2 else None,
        ip=f"203.0.113.{dice.randrange(1, 255)}",  # RFC 5737: for examples
        user_agent=world.user_agent(table, number),
        created_at=created,
    )
