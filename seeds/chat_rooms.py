"""Support chats: most are over, some go on, some customers wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import RoomStatus

from .customer_sessions import visit_id
from .dice import weighted
from .support import Chat, chat, count
from .wire import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dice import Dice
    from .world import World

RATINGS = (1, 2, 3, 4, 4, 5, 5, 5, 5)
PRIORITIES = weighted({0: 80, 1: 10, 2: 7, 5: 3})


class Row(NamedTuple):
    id: str
    customer_session_id: str | None
    agent_id: str | None
    status: RoomStatus
    priority: int
    source_lang: str
    target_lang: str
    department: str
    waiting_since: datetime | None
    assigned_at: datetime | None
    first_reply_at: datetime | None
    closed_at: datetime | None
    close_reason: str | None
    agent_last_read_at: datetime | None
    customer_last_read_at: datetime | None
    last_message_at: datetime | None
    metadata: str
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (_room(world, chat(world, number)) for number in range(count(world)))


def _room(world: World, told: Chat) -> Row:
    number = told.number
    dice = world.dice("chat_rooms", number, "room")
    created, last = moment(told.created), moment(told.times[-1])
    closed = _moment(told.closed)
    forgotten = closed is not None and closed < world.now - timedelta(days=75)
    return Row(
        id=told.room_id,
        customer_session_id=None if forgotten else visit_id(world, number),  # cleaned-up visits leave their rooms behind
        agent_id=told.agent_id,
        status=told.status,
        priority=dice.choice(PRIORITIES),
        source_lang=told.language,
        target_lang="ko",
        department=told.department,
        waiting_since=created if told.status is RoomStatus.WAITING else None,
        assigned_at=moment(told.times[0] + told.wait) if told.agent_id else None,
        first_reply_at=_moment(told.last_of("agent", first=True)),
        closed_at=closed,
        close_reason=told.close_reason,
        # an agent has read what came before her own last words, and all of it every other time
        agent_last_read_at=last if closed or dice.random() < 0.5 else _moment(told.last_of("agent")),
        customer_last_read_at=_moment(told.last_of("customer")),
        last_message_at=last,
        metadata=_metadata(number, dice) if closed else "{}",
        created_at=created,
        updated_at=closed or last,
    )


def _metadata(number: int, dice: Dice) -> str:
    rated = f', "satisfaction": {dice.choice(RATINGS)}' if dice.random() < 0.4 else ""
    return f'{{"ticket": "CS-{10000 + number}"{rated}}}'


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
