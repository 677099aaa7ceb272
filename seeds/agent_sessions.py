"""Signed-in devices of agents, likewise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .agents import agent, until
from .sign_ins import KEPT, SignIn, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

columns = ("agent_id", *SignIn._fields)


def rows(world: World) -> Iterator[tuple[object, ...]]:
    agents, since = world.count("agents"), world.now - KEPT
    for number in range(world.count("agent_sessions")):
        who = agent(world, number % agents)
        if who.last_login <= since:
            who = agent(world, 0)  # those of somebody who left long ago were cleaned up
        created = who.last_login
        if number >= agents or who is not agent(world, number):
            within = world.dice("agent_sessions", number, "when").random()
            created = world.between(max(since, who.created_at), who.last_login, 0.99 * within)
        yield who.id, *sign_in(world, "agent_sessions", number, created, until(world, who), cut_off=not who.is_active)
