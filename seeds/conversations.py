"""Conversations of users with the AI."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from app_schema.models import ConversationStatus

from .threads import Thread, thread
from .wire import NULL, line, milliseconds, stamp
from .wire import blocks as gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

PROMPT = "당신은 병원 직원을 돕는 비서입니다. 진단을 내리지 말고 의사와 상의하라고 안내하세요."
# what differs from row to row, then what repeats
columns = (
    *("id", "user_id", "last_message_at", "last_read_at", "deleted_at", "created_at", "updated_at"),
    *("title", "model", "system_prompt", "status", "pinned", "metadata"),
)


def blocks(world: World) -> Iterator[tuple[int, bytes]]:
    now = milliseconds(world.now)
    return gathered(_conversation(now, number, thread(world, number)) for number in range(world.count("conversations")))


def _conversation(now: int, number: int, told: Thread) -> str:
    last = told.at(len(told.lines) - 1)
    deleted = number % 11 == 6
    changed = stamp(last + (now - last) // 5 if deleted else last)
    read = NULL if number % 10 == 9 else stamp(min(now, last + 40_000))
    traits = _traits(told.title, told.model, number % 4 == 0, number % 8 == 3, number % 13 == 1, number % 3 == 0)
    times = f"{stamp(last)}\t{read}\t{changed if deleted else NULL}\t{stamp(told.created)}\t{changed}"
    return f"{told.id}\t{told.user_id}\t{times}\t{traits}"


@cache
def _traits(title: str, model: str, *of: bool) -> str:
    prompted, archived, pinned, tagged = of
    status = ConversationStatus.ARCHIVED if archived else ConversationStatus.ACTIVE
    return line(title, model, PROMPT if prompted else None, status, pinned, '{"tags": ["업무"]}' if tagged else "{}")
