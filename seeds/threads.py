"""Conversations with the AI, worked out whole: whose, and every line of it. No table of its own."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import cache, lru_cache
from itertools import count
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import ContentType, MessageStatus, SenderType, TranslationStatus

from . import support
from .users import somebody
from .wire import line, milliseconds
from .world import DAYS, reference, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

MODELS = [model for model in reference("models") if model["operation"] == "chat"]
TROUBLE = {4: MessageStatus.FAILED, 7: MessageStatus.CANCELLED}  # of every nine
THANKS = ("고맙습니다. 도움이 됐어요.", "네, 이해했어요. 감사합니다!", "좋아요, 그렇게 해 볼게요.")
LIVE = timedelta(seconds=2)  # ago the newest answer began
SHORTEST, LONGEST = 2, 160
PERIOD, STRIDE = 1_000, 7_919  # the lengths repeat after so many conversations, and do not come by size
SPREAD = 1.1  # of the lengths: half of them are short, one of a thousand has a hundred lines


class Line(NamedTuple):
    after: int  # milliseconds since the first line, at an ordinary pace
    sender: SenderType
    read: int  # characters up to here: the model reads the whole conversation again at every turn
    words: str  # what these words bring along, as COPY writes the columns WORDS


class Thread(NamedTuple):
    id: str
    user_id: str
    title: str
    model: str
    created: int  # milliseconds since 1970
    first: int  # of the first line
    pace: float
    lines: tuple[Line, ...]

    def at(self, place: int) -> int:
        """Return the time of a line in milliseconds since 1970."""
        return self.first + int(self.pace * self.lines[place].after)


@lru_cache(maxsize=256)
def thread(world: World, number: int) -> Thread:
    """Tell a conversation; the newest one is being answered at this moment."""
    dice = world.dice("conversations", number)
    live = number == world.count("conversations") - 1
    topic = number % len(_topics())
    lines = _told(topic, length(world, number), None if live else TROUBLE.get(number % 9), live=live)
    pace = dice.uniform(0.5, 2)
    last = milliseconds(world.now - LIVE if live else world.born("conversations", number, DAYS, dice.random()))
    first = last - int(pace * lines[-1].after)
    created = first - dice.randrange(1000, 5000)
    return Thread(
        id=uuid7(created, dice.digits),
        user_id=somebody(world, dice),
        title=_topics()[topic][0]["title"],
        model=dice.choice(MODELS)["model"],
        created=created,
        first=first,
        pace=pace,
        lines=lines,
    )


def length(world: World, number: int) -> int:
    """Return how many messages a conversation has: together with the rooms', as many as the scenario says."""
    pattern, missing, odd = _lengths(world)
    of = world.count("conversations")
    more = (number + 1) * missing // of - number * missing // of  # spread evenly
    if number == of - 1:
        more -= odd  # the newest one ends in an answer, the oldest gets what that takes away
    elif number == 0:
        more += odd
    return max(SHORTEST, pattern[number * STRIDE % len(pattern)] + more)


@lru_cache(maxsize=4)
def _lengths(world: World) -> tuple[list[int], int, int]:
    of = world.count("conversations")
    in_rooms = sum(support.length(world, number) for number in range(support.count(world)))
    wanted = max(SHORTEST * of, world.count("messages") - in_rooms)
    above = wanted / of - SHORTEST
    period, normal = min(PERIOD, of), NormalDist()
    factors = [math.exp(SPREAD * normal.inv_cdf((place + 0.5) / period) - SPREAD**2 / 2) for place in range(period)]
    pattern = [min(LONGEST, SHORTEST + int(above * factor)) for factor in factors]
    whole, rest = divmod(of, period)
    given = whole * sum(pattern) + sum(pattern[number * STRIDE % period] for number in range(rest))
    missing, newest = wanted - given, of - 1
    odd = pattern[newest * STRIDE % period] + missing - newest * missing // of
    return pattern, missing, odd % 2


@lru_cache(maxsize=2048)
def _told(topic: int, lines: int, trouble: MessageStatus | None, *, live: bool) -> tuple[Line, ...]:
    # one topic after the other, up to an answer; where a tool has made the number odd, thanks make it up
    said: list[Line] = []
    at = read = 0

    def say(sender: SenderType, content: str, status: MessageStatus = MessageStatus.DONE, tool: str = "") -> None:
        nonlocal at, read
        if said:
            at += 1_500 + 30 * len(content) if sender is not SenderType.USER else 15_000 + 700 * len(content) + 7_919 * len(said) % 60_000
        read += len(content)
        said.append(Line(at, sender, read, _words(sender, content, status, tool)))

    exchanges = _exchanges(topic)
    while lines - len(said) >= 2:
        exchange = next(exchanges)
        say(SenderType.USER, exchange["question"])
        if trouble and len(said) == 1 and lines >= 4:
            say(SenderType.ASSISTANT, exchange["answer"][:15] if trouble is MessageStatus.CANCELLED else "", trouble)
        if exchange["tool"] and lines - len(said) >= 2 and not live:
            say(SenderType.TOOL, "검색 결과 3건", tool=exchange["tool"])
        if live and lines - len(said) == 1:
            say(SenderType.ASSISTANT, exchange["answer"][:12], MessageStatus.STREAMING)
        else:
            say(SenderType.ASSISTANT, exchange["answer"])
    if len(said) < lines:
        say(SenderType.USER, THANKS[lines % len(THANKS)])
    return tuple(said)


@cache
def _words(sender: SenderType, content: str, status: MessageStatus, tool: str) -> str:
    is_answer = sender is SenderType.ASSISTANT
    return line(
        *(sender, content, ContentType.MARKDOWN if is_answer and status is MessageStatus.DONE else ContentType.TEXT),
        *("ko", None, None, TranslationStatus.NONE, len(content) if is_answer else None, status),
        "provider answered 529: overloaded" if status is MessageStatus.FAILED else None,
        f'{{"tool": "{tool}", "results": 3}}' if tool else "{}",
    )


def _exchanges(topic: int) -> Iterator[dict[str, str]]:
    topics = _topics()
    return (exchange for turn in count(topic) for exchange in topics[turn % len(topics)])


@cache
def _topics() -> list[list[dict[str, str]]]:
    topics: dict[str, list[dict[str, str]]] = {}
    for exchange in reference("ai_chats"):
        topics.setdefault(exchange["topic"], []).append(exchange)
    return list(topics.values())
