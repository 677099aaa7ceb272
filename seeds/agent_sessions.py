"""Signed-in devices of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .agents import agent
from .sign_ins import SignIn, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

columns = ("agent_id", *SignIn._fields)


def rows(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(world.count("agent_sessions")):
        owner = agent(world, number % world.count("agents"))
        yield owner.id, *sign_in(world, "agent_sessions", number, owner.created_at)
