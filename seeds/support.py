"""Support chats, worked out whole: the room and every line of it. No table of its own."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import RoomStatus

from .agents import on_duty
from .wire import milliseconds
from .world import DAYS, reference

if TYPE_CHECKING:
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
    after: int  # milliseconds since the first line, at an ordinary pace
    sender: str
    content_type: str
    korean: str
    foreign: str


class Chat(NamedTuple):
    room_id: str
    number: int
    status: RoomStatus
    language: str
    department: str
    agent_id: str | None
    created: int  # milliseconds since 1970, as all times here
    first: int
    wait: int  # for an agent, between the first line and the second
    closed: int | None
    pace: float
    lines: tuple[Line, ...]

    def at(self, place: int) -> int:
        """Return the time of a line."""
        return self.first + (self.wait if place else 0) + int(self.pace * self.lines[place].after)

    def last_of(self, sender: str, *, first: bool = False) -> int | None:
        """Return when somebody spoke last, or first; None for never."""
        places = [place for place, line in enumerate(self.lines) if line.sender == sender]
        return self.at(places[0 if first else -1]) if places else None


def count(world: World) -> int:
    """Return how many rooms there are: closed ones first, then active, then waiting."""
    return max(3, world.count("chat_rooms"))


@lru_cache(maxsize=4)
def counts(world: World) -> dict[RoomStatus, int]:
    """Return how many rooms there are of each state."""
    rooms = count(world)
    active, waiting = (max(1, round(rooms * share)) for share in (world.story.active, world.story.waiting))
    return {RoomStatus.CLOSED: rooms - active - waiting, RoomStatus.ACTIVE: active, RoomStatus.WAITING: waiting}


def length(world: World, number: int) -> int:
    """Return how many lines a room has."""
    status, turn = _status(world, number)
    if status is RoomStatus.WAITING:
        return 1
    lines = len(_scripts()[number % len(_scripts())])
    return 1 + (lines if status is RoomStatus.CLOSED else 4 + (7 * turn + 3) % (lines - 4))


@lru_cache(maxsize=256)
def chat(world: World, number: int) -> Chat:
    """Tell a room."""
    dice = world.dice("chat_rooms", number)
    language = LANGUAGES[number % len(LANGUAGES)]
    status, turn = _status(world, number)
    lines = _told(number % len(_scripts()), language, length(world, number))
    pace, wait, before = dice.uniform(0.5, 2), dice.randrange(20_000, 400_000), dice.randrange(2_000, 20_000)
    now = milliseconds(world.now)
    agent, closed = None, None
    if status is RoomStatus.WAITING:
        first, before = now - int(dice.uniform(30_000, 300_000) * (1 + 29 * turn / counts(world)[status])), 0
    else:
        # ends a moment ago, or when it was closed in working hours
        over = now
        if status is RoomStatus.CLOSED:
            age = 1 - (turn + dice.random()) / counts(world)[status]
            closed = over = milliseconds(world.past(0.002 + 0.998 * age, DAYS))
        first = over - dice.randrange(10_000, 90_000) - wait - int(pace * lines[-1].after)
        agent = on_duty(world, number if closed else turn).id
    return Chat(
        room_id=world.id_at(first - before, "chat_rooms", number),
        number=number,
        status=status,
        language=language,
        department=_scripts()[number % len(_scripts())][0]["department"],
        agent_id=agent,
        created=first - before,
        first=first,
        wait=wait,
        closed=closed,
        pace=pace,
        lines=lines,
    )


def _status(world: World, number: int) -> tuple[RoomStatus, int]:
    # the state, and the place among the rooms in it
    turn = number
    for status, of in counts(world).items():
        if turn < of:
            return status, turn
        turn -= of
    raise IndexError(number)


@lru_cache(maxsize=1024)
def _told(script: int, language: str, length: int) -> tuple[Line, ...]:
    said = _scripts()[script]
    lines: list[Line] = []
    at = 0
    for place, line in enumerate([said[0], GREETING, *said[1:]][:length]):
        at += 0 if place < 2 else 8_000 + 700 * len(line["ko"]) + 7_919 * place % 15_000
        lines.append(Line(at, line["sender"], line["content_type"], line["ko"], line[language]))
    return tuple(lines)


@cache
def _scripts() -> list[list[dict[str, str]]]:
    scripts: dict[str, list[dict[str, str]]] = {}
    for line in reference("support_chats"):
        scripts.setdefault(line["script"], []).append(line)
    return list(scripts.values())
