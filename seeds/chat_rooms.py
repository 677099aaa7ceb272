"""Support chats: most are over, some go on, some customers wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import RoomStatus

from .customer_sessions import visit
from .support import Chat, Line, chat, count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from .world import World

PRIORITIES = (0, 2, 0, 1, 0, 0, 5)
REASONS = ("해결됨", "해결됨", "예약 완료", "고객 응답 없음", "담당 부서로 넘김", "resolved")


class Row(NamedTuple):
    id: UUID
    customer_session_id: UUID | None
    agent_id: UUID | None
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
    metadata: Jsonb
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (_room(world, number, chat(world, number)) for number in range(count(world)))


def _room(world: World, number: int, told: Chat) -> Row:
    dice = world.dice("chat_rooms", number, "room")
    last = told.lines[-1]
    forgotten = told.closed_at is not None and told.closed_at < world.now - timedelta(days=75)
    return Row(
        id=told.room_id,
        customer_session_id=None if forgotten else visit(world, number).id,  # cleaned-up visits leave their rooms behind
        agent_id=told.agent_id,
        status=told.status,
        priority=PRIORITIES[number % len(PRIORITIES)],
        source_lang=told.language,
        target_lang="ko",
        department=told.department,
        waiting_since=told.created_at if told.status is RoomStatus.WAITING else None,
        assigned_at=told.assigned_at,
        first_reply_at=_last_of(told.lines, "agent", first=True),
        closed_at=told.closed_at,
        close_reason=dice.choice(REASONS) if told.closed_at else None,
        # an agent has read what came before her own last words, and all of it every other time
        agent_last_read_at=last.at if told.closed_at or number % 2 else _last_of(told.lines, "agent"),
        customer_last_read_at=_last_of(told.lines, "customer"),
        last_message_at=last.at,
        metadata=Jsonb({"ticket": f"CS-{10000 + number}", "satisfaction": dice.choice([3, 4, 5, 5])} if told.closed_at else {}),
        created_at=told.created_at,
        updated_at=told.closed_at or last.at,
    )


def _last_of(lines: list[Line], sender: str, *, first: bool = False) -> datetime | None:
    times = [line.at for line in lines if line.sender == sender]
    return times[0 if first else -1] if times else None
