"""Signed-in devices of users: the last sign-in of each, and earlier ones of those who come often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.models import UserStatus

from .sign_ins import KEPT, SignIn, sign_in
from .users import TRIES, Life, life

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .world import World

columns = ("user_id", *SignIn._fields)


def rows(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(world.count("sessions")):
        whose, created = signed_in(world, number)
        who = life(world, whose)
        cut_off = who.status in (UserStatus.DELETED, UserStatus.SUSPENDED)
        yield who.id, *sign_in(world, "sessions", number, created, who.until_at, cut_off=cut_off)


def signed_in(world: World, number: int) -> tuple[int, datetime]:
    """Return the number of the user who signed in, and when."""
    dice = world.dice("sessions", number, "whose")
    users, since = world.count("users"), world.now - KEPT
    if number < users:
        last_login = life(world, number).last_login
        if last_login and last_login > since:
            return number, last_login
    for _ in range(TRIES):
        whose = users - 1 - int(users * dice.random() ** 1.5)
        who = life(world, whose)
        if who.last_login and max(since, who.created_at) < who.last_login:
            return whose, _earlier(world, who, dice.random())
    return 0, _earlier(world, life(world, 0), dice.random())


def _earlier(world: World, who: Life, fraction: float) -> datetime:
    assert who.last_login is not None  # noqa: S101 (who was found to have signed in)
    return world.between(max(world.now - KEPT, who.created_at), who.last_login, 0.99 * fraction)
