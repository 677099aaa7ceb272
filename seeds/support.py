"""Support chats, worked out whole: the room and every line of it. No table of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import RoomStatus

from .agents import on_duty
from .world import reference

if TYPE_CHECKING:
    from random import Random
    from uuid import UUID

    from .world import World

LANGUAGES = ("en", "zh", "ja", "vi", "en", "ru", "zh", "ko", "ja", "en", "vi")
GREETING = {
    "sender": "system",
    "content_type": "event",
    "ko": "상담원이 연결되었습니다",
    "en": "An agent has joined",
    "zh": "客服已接入",
    "ja": "担当者が入室しました",
    "vi": "Nhân viên đã tham gia",
    "ru": "Оператор присоединился",
}


class Line(NamedTuple):
    at: datetime
    sender: str
    content_type: str
    korean: str
    foreign: str


class Chat(NamedTuple):
    room_id: UUID
    status: RoomStatus
    language: str
    department: str
    agent_id: UUID | None
    created_at: datetime
    assigned_at: datetime | None
    closed_at: datetime | None
    lines: list[Line]


def count(world: World) -> int:
    """Return how many rooms there are: closed ones first, then active, then waiting."""
    return max(3, world.count("chat_rooms"))


def counts(world: World) -> dict[RoomStatus, int]:
    """Return how many rooms there are of each state."""
    rooms = count(world)
    live = {
        RoomStatus.ACTIVE: max(1, round(rooms * world.story.active)),
        RoomStatus.WAITING: max(1, round(rooms * world.story.waiting)),
    }
    return {RoomStatus.CLOSED: rooms - sum(live.values()), **live}


@lru_cache(maxsize=1024)
def chat(world: World, number: int) -> Chat:
    dice = world.dice("chat_rooms", number)
    language = LANGUAGES[number % len(LANGUAGES)]
    scripts = _scripts()
    name = list(scripts)[number % len(scripts)]
    script = scripts[name]
    status, turn = _status(world, number)
    if status is RoomStatus.WAITING:
        created = world.now - timedelta(seconds=dice.uniform(30, 300) * (1 + turn))
        lines = _talk(dice, script[:1], created, language)
        agent, assigned, closed = None, None, None
    else:
        said = script if status is RoomStatus.CLOSED else script[: dice.randrange(4, len(script))]
        # told as if it began now, then moved back: an active chat to a moment ago, a closed one to working hours
        start = world.now
        wait = timedelta(seconds=dice.uniform(20, 400))
        lines = _talk(dice, said[:1], start, language) + _talk(dice, [GREETING, *said[1:]], start + wait, language)
        end = lines[-1].at + timedelta(seconds=dice.uniform(10, 90))
        age = 1 - (turn + dice.random()) / counts(world)[RoomStatus.CLOSED]  # of a closed one
        over = world.now if status is RoomStatus.ACTIVE else world.past(0.002 + 0.998 * age, 90)
        back = end - over
        lines = [line._replace(at=line.at - back) for line in lines]
        created = start - back - timedelta(seconds=dice.uniform(2, 20))
        agent, assigned = on_duty(world, number if status is RoomStatus.CLOSED else turn).id, start + wait - back
        closed = over if status is RoomStatus.CLOSED else None
    room_id = world.id(created, "chat_rooms", number)
    return Chat(room_id, status, language, script[0]["department"], agent, created, assigned, closed, lines)


def _status(world: World, number: int) -> tuple[RoomStatus, int]:
    # the state, and the place among the rooms in it
    turn = number
    for status, of in counts(world).items():
        if turn < of:
            return status, turn
        turn -= of
    raise IndexError(number)


def _talk(dice: Random, script: list[dict[str, str]], start: datetime, language: str) -> list[Line]:
    at, lines = start, []
    for said in script:
        lines.append(Line(at, said["sender"], said["content_type"], said["ko"], said[language]))
        at += timedelta(seconds=dice.uniform(8, 30) + len(said["ko"]) * dice.uniform(0.5, 2))
    return lines


@cache
def _scripts() -> dict[str, list[dict[str, str]]]:
    scripts: dict[str, list[dict[str, str]]] = {}
    for line in reference("support_chats"):
        scripts.setdefault(line["script"], []).append(line)
    return scripts
