"""Conversations of users with the AI."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import ConversationStatus

from .threads import Thread, thread
from .wire import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

PROMPT = "당신은 병원 직원을 돕는 비서입니다. 진단을 내리지 말고 의사와 상의하라고 안내하세요."
TAGGED = '{"tags": ["업무"]}'


class Row(NamedTuple):
    id: str
    user_id: str
    title: str
    model: str
    system_prompt: str | None
    status: ConversationStatus
    pinned: bool
    metadata: str
    last_message_at: datetime
    last_read_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (_conversation(world, number, thread(world, number)) for number in range(world.count("conversations")))


def _conversation(world: World, number: int, told: Thread) -> Row:
    last = moment(told.at(len(told.lines) - 1))
    deleted = number % 11 == 6
    changed = last + (world.now - last) * 0.2 if deleted else last
    return Row(
        id=told.id,
        user_id=told.user_id,
        title=told.title,
        model=told.model,
        system_prompt=PROMPT if number % 4 == 0 else None,
        status=ConversationStatus.ARCHIVED if number % 8 == 3 else ConversationStatus.ACTIVE,
        pinned=number % 13 == 1,
        metadata=TAGGED if number % 3 == 0 else "{}",
        last_message_at=last,
        last_read_at=None if number % 10 == 9 else min(world.now, last + timedelta(seconds=40)),
        deleted_at=changed if deleted else None,
        created_at=moment(told.created),
        updated_at=changed,
    )
