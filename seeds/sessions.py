"""Signed-in devices of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sign_ins import SignIn, sign_in
from .users import created_at, pick, user_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

columns = ("user_id", *SignIn._fields)


def rows(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(world.count("sessions")):
        number_of_user = pick(world, world.dice("sessions", number, "whose"))
        yield user_id(world, number_of_user), *sign_in(world, "sessions", number, created_at(world, number_of_user))
