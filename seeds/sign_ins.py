"""What the sign-ins of users and agents share; no table of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from .devices import user_agent

if TYPE_CHECKING:
    from .world import World

LIFE = timedelta(days=14)
KEPT = timedelta(days=40)  # older ones were cleaned up


class SignIn(NamedTuple):
    id: str
    token: str
    expires_at: datetime
    last_active: datetime
    revoked_at: datetime | None
    ip: str
    user_agent: str
    created_at: datetime


def sign_in(  # noqa: PLR0913 (a row takes as much)
    world: World, table: str, number: int, created: datetime, until: datetime, *, cut_off: bool
) -> SignIn:
    """Sign somebody in who is there until then: still valid, expired or revoked.

    Args:
        world: the world.
        table: whose sign-ins.
        number: of the sign-in.
        created: when.
        until: the last thing that somebody does.
        cut_off: whether the account ends then, and the sign-in with it.
    """
    dice = world.dice(table, number)
    end = min(until, created + LIFE)
    last_active = created + (end - created) * dice.random()
    revoked = until if cut_off and until < created + LIFE else last_active if dice.random() < 0.12 or number == 0 else None
    return SignIn(
        id=world.id(created, table, number),
        token=world.digest("token", table, number).hex(),
        expires_at=created + LIFE,
        last_active=last_active,
        revoked_at=revoked,
        ip=f"203.0.113.{dice.randrange(1, 255)}",  # RFC 5737: for examples
        user_agent=user_agent(dice),
        created_at=created,
    )
