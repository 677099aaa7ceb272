"""Conversations with the AI, worked out whole: whose, and every line of it. No table of its own."""

from __future__ import annotations

import math
from array import array
from datetime import timedelta
from functools import cache, lru_cache
from itertools import count
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import AiRequestStatus, MessageStatus, SenderType

from . import support, topics
from .dice import weighted
from .topics import LATER, VARIANTS, cut, said, told
from .users import somebody
from .wire import milliseconds
from .world import DAYS, reference, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

MODELS = weighted(dict(zip((model["model"] for model in reference("models") if model["operation"] == "chat"), (45, 40, 15), strict=True)))
Trouble = AiRequestStatus | MessageStatus
# what may happen to the first answer; the first conversations show each of them
TROUBLE = (AiRequestStatus.ERROR, AiRequestStatus.TIMEOUT, AiRequestStatus.BLOCKED, MessageStatus.CANCELLED)
TROUBLES = weighted({None: 962, TROUBLE[0]: 9, TROUBLE[1]: 3, TROUBLE[2]: 4, TROUBLE[3]: 22})
FAILED: dict[Trouble, topics.Said] = {
    AiRequestStatus.ERROR: said(
        SenderType.ASSISTANT, "", gap=2_600, status=MessageStatus.FAILED, error="overloaded: provider answered 529"
    ),
    AiRequestStatus.TIMEOUT: said(
        SenderType.ASSISTANT, "", gap=62_000, status=MessageStatus.FAILED, error="deadline_exceeded: no answer within 30 s"
    ),
    AiRequestStatus.BLOCKED: said(
        SenderType.ASSISTANT, "", gap=1_400, status=MessageStatus.FAILED, error="content_filter: answer withheld"
    ),
}
THANKS = [
    said(SenderType.USER, words, gap=20_000)
    for words in (
        *(
            "감사합니다.",
            "감사합니다!",
            "고맙습니다. 도움이 됐어요.",
            "네, 이해했어요. 감사합니다!",
            "좋아요, 그렇게 해 볼게요.",
            "고마워.",
        ),
        *("네, 알겠습니다.", "덕분에 해결했어요. 고맙습니다.", "잘 됐어요. 감사합니다.", "오, 이해됐어요."),
    )
]
LIVE = timedelta(seconds=2)  # ago the newest answer began
SHORTEST, LONGEST = 2, 400
PERIOD = 100_000  # conversations, after which the lengths come again
SPREAD = 1.1  # of the lengths: half of them are short, one of a thousand has a hundred lines


class Line(NamedTuple):
    at: int  # milliseconds since 1970
    sender: SenderType
    read: int  # tokens before it: the model reads the whole conversation again at every turn
    size: int  # tokens of its own
    words: str  # what these words bring along, as COPY writes it


class Thread(NamedTuple):
    id: str
    number: int
    user_id: str
    title: str  # as COPY writes it
    model: str
    created: int  # milliseconds since 1970
    until: int  # of the user: nothing of theirs comes after it
    trouble: Trouble | None  # with the first answer
    live: bool  # being answered at this moment
    first: int  # of the first line, in milliseconds since 1970
    last: int  # of the newest
    pace: float
    spoken: list[topics.Said]

    @property
    def lines(self) -> list[Line]:
        """What was spoken, with its times; where there are very many, work that out on the way."""
        lines: list[Line] = []
        after = read = 0
        for gap, sender, size, words in self.spoken:
            after += gap if lines else 0
            lines.append(Line(self.first + int(self.pace * after), sender, read, size, words))
            read += size
        return lines


@lru_cache(maxsize=256)
def thread(world: World, number: int) -> Thread:
    """Tell a conversation; the newest one is being answered at this moment."""
    dice = world.dice("conversations", number)
    live = number == world.count("conversations") - 1
    last = milliseconds(world.now - LIVE if live else world.born("conversations", number, DAYS, dice.random()))
    pace = 0.5 + 1.5 * dice.random()
    trouble = None if live else TROUBLE[number] if number < len(TROUBLE) else dice.choice(TROUBLES)
    topic = int(topics.count() * dice.random() ** 1.6)
    # those asked most often are of every field; one with a search is among the first conversations
    topic = topics.SEARCHED if number == len(TROUBLE) else topic * _spread() % topics.count()
    variant = dice.randrange(VARIANTS)
    spoken = _spoken(world, topic, variant, length(world, number), trouble, live=live)
    first = last - int(pace * (sum([words[0] for words in spoken]) - spoken[0].gap))
    created = first - dice.randrange(1000, 5000)
    who = somebody(world, dice, created, last)
    return Thread(
        id=uuid7(created, dice.digits),
        number=number,
        user_id=who.id,
        title=told(world, topic, variant).title,
        model=dice.choice(MODELS),
        created=created,
        until=who.until,
        trouble=trouble,
        live=live,
        first=first,
        last=last,
        pace=pace,
        spoken=spoken,
    )


def length(world: World, number: int) -> int:
    """Return how many messages a conversation has: together with the rooms', as many as the scenario says."""
    pattern, stride, missing, odd = _lengths(world)
    of = world.count("conversations")
    more = (number + 1) * missing // of - number * missing // of  # spread evenly
    if number == of - 1:
        more -= odd  # the newest one ends in an answer, the oldest gets what that takes away
    elif number == 0:
        more += odd
    return max(SHORTEST, pattern[number * stride % len(pattern)] + more)


def mean_length(world: World) -> float:
    """Return how many messages conversations have on average."""
    of = world.count("conversations")
    return sum(length(world, number) for number in range(0, of, max(1, of // 100))) / len(range(0, of, max(1, of // 100)))


@lru_cache(maxsize=4)
def _lengths(world: World) -> tuple[array[int], int, int, int]:
    of = world.count("conversations")
    in_rooms = sum(len(support.plan(world, number).lines) for number in range(support.count(world)))
    wanted = max(SHORTEST * of, world.count("messages") - in_rooms)
    above = wanted / of - SHORTEST
    period, normal = min(PERIOD, of), NormalDist()
    factors = (math.exp(SPREAD * normal.inv_cdf((place + 0.5) / period) - SPREAD**2 / 2) for place in range(period))
    pattern = array("H", (min(LONGEST, SHORTEST + int(above * factor)) for factor in factors))
    stride = max(1, int(period * 0.618))  # they do not come by size
    while math.gcd(stride, period) > 1:
        stride += 1
    whole, rest = divmod(of, period)
    given = whole * sum(pattern) + sum(pattern[number * stride % period] for number in range(rest))
    missing, newest = wanted - given, of - 1
    odd = pattern[newest * stride % period] + missing - newest * missing // of
    return pattern, stride, missing, odd % 2


@cache
def _spread() -> int:
    stride = max(1, int(topics.count() * 0.382))
    while math.gcd(stride, topics.count()) > 1:
        stride += 1
    return stride


def _spoken(  # noqa: PLR0913 (what a conversation is)
    world: World, topic: int, variant: int, lines: int, trouble: Trouble | None, *, live: bool
) -> list[topics.Said]:
    # one topic after the other, up to an answer or to thanks
    spoken: list[topics.Said] = []
    for story in _stories(world, topic, variant):
        spoken += [words for words in story if words.sender is not SenderType.TOOL] if live else story
        if len(spoken) > lines + 2:
            break
    if trouble:
        answer = 2 if spoken[1].sender is SenderType.TOOL else 1
        spoken[1:1] = [FAILED[trouble] if trouble in FAILED else cut(spoken[answer], 24, MessageStatus.CANCELLED)]
        if trouble is AiRequestStatus.BLOCKED and lines > 3:
            del spoken[2 : 2 + answer]  # what is not let through is not asked for again
    last = spoken[lines - 1]
    if live:
        last = cut(last, 24, MessageStatus.STREAMING)
    elif last.sender is SenderType.USER:
        last = THANKS[variant % len(THANKS)]
    elif last.sender is SenderType.TOOL:
        last = spoken[lines]
    spoken[lines - 1 :] = [last]
    return spoken


def _stories(world: World, topic: int, variant: int) -> Iterator[list[topics.Said]]:
    # first those of the field, beginning with the topic, then all others
    yield told(world, topic, variant).said
    field = topics.field(topic)
    for step in count(1):
        other = field[(topic - field[0] + step) % len(field)] if step < len(field) else (field[0] + step) % topics.count()
        yield told(world, other, VARIANTS + (variant + step) % LATER).said
