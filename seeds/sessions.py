"""Signed-in devices of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sign_ins import SignIn, sign_in
from .users import somebody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

columns = ("user_id", *SignIn._fields)


def rows(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(world.count("sessions")):
        user = somebody(world, "sessions", number)
        yield user.id, *sign_in(world, "sessions", number, user.created_at)
