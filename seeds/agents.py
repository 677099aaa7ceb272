"""Support agents: most answer by day, some in the evening, a few are on call at night."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import AgentRole, AgentStatus

from .dice import weighted
from .people import person
from .users import DEMO_BCRYPT, called, colleague, colleagues, life
from .wire import milliseconds
from .world import HISTORY_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .dice import Dice
    from .world import World

# the first ones, so that the smallest clinic shows each of them and can answer its customers
FIRST = (
    (AgentRole.SUPERVISOR, AgentStatus.ONLINE),
    (AgentRole.AGENT, AgentStatus.BUSY),
    (AgentRole.AGENT, AgentStatus.ONLINE),
    (AgentRole.AGENT, AgentStatus.AWAY),
    (AgentRole.AGENT, AgentStatus.ONLINE),
    (AgentRole.ADMIN, AgentStatus.OFFLINE),
    (AgentRole.AGENT, AgentStatus.BUSY),
    (AgentRole.AGENT, AgentStatus.ONLINE),
)
ROLES = weighted({AgentRole.AGENT: 87, AgentRole.SUPERVISOR: 10, AgentRole.ADMIN: 3})
STATES = weighted({AgentStatus.ONLINE: 36, AgentStatus.BUSY: 24, AgentStatus.AWAY: 8, AgentStatus.OFFLINE: 32})
ANSWERING = (AgentStatus.ONLINE, AgentStatus.BUSY)
LANGUAGES = weighted(
    {
        ("ko", "en"): 30, ("ko",): 12, ("ko", "zh"): 12, ("ko", "en", "zh"): 8, ("ko", "ja"): 10, ("ko", "zh", "ja"): 5,
        ("ko", "vi"): 8, ("ko", "vi", "en"): 5, ("ko", "ru"): 6, ("ko", "ru", "en"): 4,
    }
)  # fmt: skip
MOST_ROOMS = (5, 5, 6, 6, 6, 8)
DAY, EVENING = range(7, 20), range(10, 22)  # hours in Seoul
ON_CALL, EVERY = 2, 13  # one of so many is on call at any hour, number 2 first
TRIES = 10
KOREA = 9  # hours ahead of UTC


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
    last_login: datetime
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (agent(world, number) for number in range(world.count("agents")))


@lru_cache(maxsize=4096)
def agent(world: World, number: int) -> Row:
    dice = world.dice("agents", number)
    role, status = FIRST[number] if number < len(FIRST) else (dice.choice(ROLES), dice.choice(STATES))
    linked = number < colleagues(world)
    employed = linked or number < len(FIRST) or dice.random() > 0.05
    # before all that the rows tell, and after her own account
    created = world.past((0.76 + 0.12 * dice.random()) if linked or dice.random() < 0.85 else 0.1 + 0.6 * dice.random(), HISTORY_DAYS)
    if employed:
        last_login = world.past(dice.random() * (0.003 if status is not AgentStatus.OFFLINE else 0.03), HISTORY_DAYS)
    else:
        last_login, status = world.between(created, world.now, 0.3 + 0.65 * dice.random()), AgentStatus.OFFLINE
    if linked:
        name, email = called(world, colleague(number))
    else:
        who = person(world, "agents", number)
        name, email = who.name, f"{who.handle}{number}{world.tag}@support.example.kr"
    return Row(
        id=world.id(created, "agents", number),
        user_id=life(world, colleague(number)).id if linked else None,
        email=email,
        password_hash=DEMO_BCRYPT,
        name=name,
        role=role,
        status=status,
        languages=list(dice.choice(LANGUAGES)),
        max_rooms=dice.choice(MOST_ROOMS),
        is_active=employed,
        last_login=last_login,
        created_at=created,
        updated_at=last_login if employed else min(world.now, last_login + timedelta(hours=6)),
    )


def until(world: World, who: Row) -> datetime:
    """Return when an agent left; now for those who did not."""
    return world.now if who.is_active else who.updated_at


def on_duty(world: World, dice: Dice, first: int, last: int) -> Row:
    """Pick who answers a customer from one time to another, in milliseconds since 1970."""
    hour = (first // 3_600_000 + KOREA) % 24
    count = world.count("agents")
    for _ in range(TRIES):
        number = int(count * dice.random() ** 1.4)
        who = agent(world, number)
        if milliseconds(who.created_at) <= first and last <= milliseconds(until(world, who)) and hour in _shift(number):
            return who
    return agent(world, ON_CALL)


def _shift(number: int) -> range:
    return range(24) if number % EVERY == ON_CALL else EVENING if number % 3 == 1 else DAY


def answering_now(world: World, turn: int) -> Row:
    """Return the agent whose turn it is among those who talk to customers at this moment, none beyond what she can."""
    places = _places(world)
    return agent(world, places[turn % len(places)])


@lru_cache(maxsize=4)
def _places(world: World) -> list[int]:
    there = [number for number in range(world.count("agents")) if agent(world, number).status in ANSWERING]
    rounds = range(max(MOST_ROOMS))
    return [number for place in rounds for number in there if place < agent(world, number).max_rooms]
