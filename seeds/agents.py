"""Support agents: two of every four speak more than Korean and English."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import AgentRole, AgentStatus

from .users import DEMO_BCRYPT, user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .world import World

ROLES = (AgentRole.SUPERVISOR, *(AgentRole.AGENT,) * 6, AgentRole.ADMIN)
STATES = (
    *(AgentStatus.ONLINE, AgentStatus.BUSY, AgentStatus.ONLINE, AgentStatus.AWAY),
    *(AgentStatus.ONLINE, AgentStatus.OFFLINE, AgentStatus.BUSY, AgentStatus.OFFLINE),
)
LANGUAGES = (["ko", "en"], ["ko", "en", "zh"], ["ko", "ja"], ["ko"], ["ko", "vi", "en"], ["ko", "ru"], ["ko", "zh", "ja"], ["ko"])


class Row(NamedTuple):
    id: str
    user_id: str | None
    email: str
    password_hash: str
    name: str
    role: AgentRole
    status: AgentStatus
    languages: list[str]
    max_rooms: int
    is_active: bool
    last_login: datetime | None
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (agent(world, number) for number in range(world.count("agents")))


@lru_cache(maxsize=1024)
def agent(world: World, number: int) -> Row:
    dice = world.dice("agents", number)
    created = world.past(0.85 + 0.15 * dice.random(), 120)
    status = STATES[number % len(STATES)]
    left = number % 8 == 7
    last_login = world.past(0.5 if left else dice.random() * 0.004, 120)
    return Row(
        id=world.id(created, "agents", number),
        user_id=user(world, number).id if number % 4 == 0 else None,
        email=f"{world.handle('agents', number)}{number}{world.tag}@support.example.kr",
        password_hash=DEMO_BCRYPT,
        name=world.name("ko", "agents", number),
        role=ROLES[number % len(ROLES)],
        status=status,
        languages=LANGUAGES[number % len(LANGUAGES)],
        max_rooms=(5, 5, 6, 4)[number % 4],
        is_active=not left,
        last_login=last_login,
        created_at=created,
        updated_at=last_login,
    )


def on_duty(world: World, turn: int) -> Row:
    """Return the agent whose turn it is among those who answer customers now: four of every eight."""
    answering = [number for number, status in enumerate(STATES) if status in (AgentStatus.ONLINE, AgentStatus.BUSY)]
    shifts, rest = divmod(world.count("agents"), len(STATES))
    there = shifts * len(answering) + sum(number < rest for number in answering)
    shift, place = divmod(turn % there, len(answering))
    return agent(world, answering[place] + len(STATES) * shift)
