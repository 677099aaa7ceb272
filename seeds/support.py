"""Support chats, worked out whole: the room and every line of it. No table of its own."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import ContentType, RoomStatus, SenderType

from .agents import answering_now, on_duty
from .dice import weighted
from .slots import Story, ranges
from .wire import ESCAPES, milliseconds
from .world import DAYS, reference

if TYPE_CHECKING:
    from .dice import Dice
    from .world import World

LANGUAGES = weighted({"en": 27, "zh": 21, "ja": 12, "vi": 16, "ru": 9, "ko": 15})
FIRST = ("en", "zh", "ja", "vi", "ru", "ko")  # so that all of them come up in the smallest clinic
VARIANTS = 24  # ways in which a story is told in one language
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
MORE, SILENT, HANDOVER = "more", "silent", "handover"  # what may come between two stories, or end one
STORIES = weighted({1: 74, 2: 17, 3: 6, 4: 2, 5: 1})  # in one chat
SILENCE = 300_000  # milliseconds until the agent asks, and again until she closes


class Line(NamedTuple):
    gap: int  # milliseconds since the line before, at an ordinary pace
    sender: str
    content_type: str
    korean: str  # as COPY writes it, and so the other
    foreign: str


class Chat(NamedTuple):
    room_id: str
    number: int
    status: RoomStatus
    language: str
    department: str
    agent_id: str | None
    created: int  # milliseconds since 1970, as all times here
    wait: int  # for an agent, between the first line and the second
    closed: int | None
    close_reason: str | None
    translator: int  # which of the models that translate
    translator_fails: bool  # once
    reviewed: bool  # by a person
    lines: list[Line]
    times: list[int]

    def last_of(self, sender: str, *, first: bool = False) -> int | None:
        """Return when somebody spoke last, or first; None for never."""
        times = [at for at, line in zip(self.times, self.lines, strict=True) if line.sender == sender]
        return (min if first else max)(times, default=None)


class Plan(NamedTuple):
    """What a chat is about, before its times are known."""

    status: RoomStatus
    turn: int  # among the rooms of that state
    language: str
    department: str
    close_reason: str
    lines: list[Line]


def count(world: World) -> int:
    """Return how many rooms there are: closed ones first, then active, then waiting."""
    return world.count("chat_rooms")


@lru_cache(maxsize=4)
def counts(world: World) -> dict[RoomStatus, int]:
    """Return how many rooms there are of each state."""
    rooms = count(world)
    active, waiting = (max(2, round(rooms * share)) for share in (world.story.active, world.story.waiting))
    return {RoomStatus.CLOSED: rooms - active - waiting, RoomStatus.ACTIVE: active, RoomStatus.WAITING: waiting}


@lru_cache(maxsize=256)
def plan(world: World, number: int) -> Plan:
    """Choose the stories of a room, and how they end."""
    dice = world.dice("chat_rooms", number, "plan")
    status, turn = _status(world, number)
    newest = number == count(world) - 1  # its line is still to be translated
    language = FIRST[number] if number < len(FIRST) else FIRST[0] if newest else dice.choice(LANGUAGES)
    kinds = _kinds(language)
    first = _popular(dice, len(kinds))
    kind = kinds[first]
    told = _told(world, kind["script"], language, dice.randrange(VARIANTS))
    if status is RoomStatus.WAITING:
        return Plan(status, turn, language, kind["department"], "", [told[0]])
    lines = [told[0], _greeting(language), *told[1:]]
    reason = kind["close_reason"]
    if status is RoomStatus.ACTIVE:
        lines = lines[: 3 + dice.randrange(len(lines) - 3)]
    else:
        for more in range(1, dice.choice(STORIES)):
            kind = kinds[1 + (first + 5 * more) % (len(kinds) - 1)]  # any but the first one, in which people greet each other
            variant = dice.randrange(VARIANTS)
            lines += [*_told(world, MORE, language, variant), *_told(world, kind["script"], language, variant)]
            reason = kind["close_reason"]
        ending = dice.random()
        if ending < 0.08:
            lines, reason = _after_an_agent(lines, dice) + _told(world, SILENT, language, dice.randrange(VARIANTS)), "고객 응답 없음"
        elif ending < 0.11:
            lines, reason = lines[:3] + _told(world, HANDOVER, language, dice.randrange(VARIANTS)), "담당 부서로 넘김"
    return Plan(status, turn, language, _kinds(language)[first]["department"], reason, lines)


def _after_an_agent(lines: list[Line], dice: Dice) -> list[Line]:
    # up to something that the agent said
    spoken = [place for place, line in enumerate(lines) if line.sender == SenderType.AGENT]
    return lines[: dice.choice(spoken) + 1]


@lru_cache(maxsize=256)
def chat(world: World, number: int) -> Chat:
    """Tell a room."""
    told = plan(world, number)
    dice = world.dice("chat_rooms", number)
    pace = min(6.0, max(0.4, dice.lognormvariate(0, 0.6)))
    wait = int(min(5_400_000, max(4_000, dice.lognormvariate(11.3, 1.1))))  # a minute and a half, one of a hundred twenty minutes
    before = dice.randrange(2_000, 20_000)
    times = [0]
    for place, line in enumerate(told.lines[1:]):
        times.append(times[-1] + (int(pace * line.gap) if place else wait))
    now = milliseconds(world.now)
    agent_id, closed = None, None
    if told.status is RoomStatus.WAITING:
        first, before = now - int(dice.uniform(30_000, 300_000) * (1 + 29 * told.turn / counts(world)[told.status])), 0
    else:
        # ends a moment ago, or when it was closed in working hours
        over = now
        if told.status is RoomStatus.CLOSED:
            age = 1 - (told.turn + dice.random()) / counts(world)[told.status]
            closed = over = milliseconds(world.past(0.002 + 0.985 * age, DAYS))
        first = over - dice.randrange(10_000, 90_000) - times[-1]
        who = on_duty(world, dice, first, over) if closed else answering_now(world, told.turn)
        agent_id = who.id
    return Chat(
        room_id=world.id_at(first - before, "chat_rooms", number),
        number=number,
        status=told.status,
        language=told.language,
        department=told.department,
        agent_id=agent_id,
        created=first - before,
        wait=wait,
        closed=closed,
        close_reason=told.close_reason if closed else None,
        translator=int(dice.random() < 0.3),
        translator_fails=dice.random() < 0.05,
        reviewed=dice.random() < 0.06,
        lines=told.lines,
        times=[first + after for after in times],
    )


def _status(world: World, number: int) -> tuple[RoomStatus, int]:
    # the state, and the place among the rooms in it
    turn = number
    for status, of in counts(world).items():
        if turn < of:
            return status, turn
        turn -= of
    raise IndexError(number)


def _popular(dice: Dice, of: int) -> int:
    # the first ones are asked about most
    return int(of * dice.random() ** 1.5)


@cache
def _kinds(language: str) -> list[dict[str, str]]:
    unfit = "foreign" if language == "ko" else "korean"
    return [story for story in reference("support_stories") if story["audience"] != unfit]


@cache
def _greeting(language: str) -> Line:
    return Line(0, GREETING["sender"], GREETING["content_type"], GREETING["ko"], GREETING[language])


@lru_cache(maxsize=4096)
def _told(world: World, script: str, language: str, variant: int) -> list[Line]:
    said = _scripts()[script]
    dice = world.dice("support", script, language, variant)
    story = Story(dice, ranges(tuple(line["ko"] for line in said)))
    lines: list[Line] = []
    for line in said:
        korean = story.told(line["ko"])
        foreign = korean if language == "ko" else story.told(line[language], language)
        typing = 3_000 + 350 * len(korean) + int(dice.lognormvariate(9.3, 0.9))  # ten seconds to think, sometimes minutes
        waits = SILENCE if script == SILENT else 0
        if line["content_type"] == ContentType.TEXT:
            foreign = foreign[:1].upper() + foreign[1:]
        lines.append(Line(typing + waits, line["sender"], line["content_type"], korean.translate(ESCAPES), foreign.translate(ESCAPES)))
    return lines


@cache
def _scripts() -> dict[str, list[dict[str, str]]]:
    scripts: dict[str, list[dict[str, str]]] = {}
    for line in reference("support_chats"):
        scripts.setdefault(line["script"], []).append(line)
    return scripts
