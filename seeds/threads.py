"""Conversations with the AI, worked out whole: whose, and every line of it. No table of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from app_schema.models import ContentType, MessageStatus, SenderType

from .users import somebody
from .world import reference

if TYPE_CHECKING:
    from random import Random
    from uuid import UUID

    from .world import World

MODELS = [model for model in reference("models") if model["operation"] == "chat"]


class Line(NamedTuple):
    at: datetime
    sender: SenderType
    content: str
    content_type: ContentType = ContentType.TEXT
    status: MessageStatus = MessageStatus.DONE
    tool: str = ""


class Thread(NamedTuple):
    id: UUID
    user_id: UUID
    title: str
    model: str
    created_at: datetime
    lines: list[Line]


@lru_cache(maxsize=1024)
def thread(world: World, number: int) -> Thread:
    """Tell a conversation; the newest one is being answered at this moment."""
    dice = world.dice("conversations", number)
    topics = list(_topics().values())
    # most are short, a few go through several topics
    told = [topics[(number + more) % len(topics)] for more in range(1 + int(dice.random() ** 4 * 5))]
    exchanges = [exchange for topic in told for exchange in topic]
    if len(told) == 1:
        exchanges = exchanges[: max(1, len(exchanges) - number % 3)]
    lines = _talk(dice, exchanges, world.now, trouble=number % 9)
    live = number == world.count("conversations") - 1
    if live:
        answer = lines[-1]
        lines[-1] = answer._replace(content=answer.content[:12], status=MessageStatus.STREAMING)
    shift = lines[-1].at - (world.now - timedelta(seconds=2) if live else world.born("conversations", number, 80))
    lines = [line._replace(at=line.at - shift) for line in lines]
    created = lines[0].at - timedelta(seconds=dice.uniform(1, 5))
    return Thread(
        id=world.id(created, "conversations", number),
        user_id=somebody(world, "conversations", number).id,
        title=told[0][0]["title"],
        model=dice.choice(MODELS)["model"],
        created_at=created,
        lines=lines,
    )


def _talk(dice: Random, exchanges: list[dict[str, str]], start: datetime, *, trouble: int) -> list[Line]:
    at, lines = start, []

    def say(sender: SenderType, content: str, **more: Any) -> None:
        nonlocal at
        at += timedelta(seconds=dice.uniform(3, 20) if sender is SenderType.ASSISTANT else dice.uniform(20, 300))
        lines.append(Line(at, sender, content, **more))

    for place, exchange in enumerate(exchanges):
        say(SenderType.USER, exchange["question"])
        if place == 0 and trouble == 4:
            say(SenderType.ASSISTANT, "", status=MessageStatus.FAILED)
        if place == 0 and trouble == 7:
            say(SenderType.ASSISTANT, exchange["answer"][:15], status=MessageStatus.CANCELLED)
        if exchange["tool"]:
            say(SenderType.TOOL, "검색 결과 3건", tool=exchange["tool"])
        say(SenderType.ASSISTANT, exchange["answer"], content_type=ContentType.MARKDOWN)
    return lines


@cache
def _topics() -> dict[str, list[dict[str, str]]]:
    topics: dict[str, list[dict[str, str]]] = {}
    for exchange in reference("ai_chats"):
        topics.setdefault(exchange["topic"], []).append(exchange)
    return topics
