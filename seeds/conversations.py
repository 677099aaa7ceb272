"""Conversations of users with the AI."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from app_schema.models import ConversationStatus

from .threads import Thread, thread
from .wire import NULL, line, stamp
from .wire import blocks as gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

PROMPT = "당신은 병원 직원을 돕는 비서입니다. 진단을 내리지 말고 의사와 상의하라고 안내하세요."
TAGS = ('["업무"]', '["개인"]', '["업무", "번역"]', '["공부"]')
ARCHIVED = 1  # the first conversation that is put away, in the smallest world too
# what differs from row to row, then what repeats
columns = (
    *("id", "user_id", "last_message_at", "last_read_at", "deleted_at", "created_at", "updated_at"),
    *("title", "model", "system_prompt", "status", "pinned", "metadata"),
)


def blocks(world: World) -> Iterator[tuple[int, bytes]]:
    return gathered(_conversation(world, thread(world, number)) for number in range(world.count("conversations")))


def _conversation(world: World, told: Thread) -> str:
    chance, last = world.dice("conversations", told.number, "row").random, told.last
    unread = told.live or chance() < 0.03
    read = min(told.until, last + 3_000 + int(90_000 * chance() ** 2))
    deleted = last + int((told.until - last) * chance()) if chance() < 0.05 and not told.live else None
    changed = max(last, last if unread else read, deleted or 0)
    traits = _traits(told.model, chance() < 0.4, told.number == ARCHIVED or chance() < 0.14, chance() < 0.03, int(8 * chance()))
    times = f"{stamp(last)}\t{NULL if unread else stamp(read)}\t{stamp(deleted) if deleted else NULL}\t{stamp(told.created)}"
    return f"{told.id}\t{told.user_id}\t{times}\t{stamp(changed)}\t{told.title}\t{traits}"


@cache
def _traits(model: str, prompted: bool, archived: bool, pinned: bool, tagged: int) -> str:  # noqa: FBT001 (positional: it is quicker)
    status = ConversationStatus.ARCHIVED if archived else ConversationStatus.ACTIVE
    metadata = f'{{"tags": {TAGS[tagged]}}}' if tagged < len(TAGS) else "{}"
    return line(model, PROMPT if prompted else None, status, pinned, metadata)
