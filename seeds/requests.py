"""AI requests, worked out from what made them: a conversation, a room, a document, a key. No table of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import AiOperation, AiRequestStatus, ContentType, SenderType, TranslationStatus

from . import api_keys, support
from .documents import document
from .messages import TRANSLATORS, message_id, read_by_translator, room_message_id, translation, written_by_translator
from .prices import models
from .threads import Line, Thread, mean_length, thread
from .wire import NULL, milliseconds
from .world import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dice import Dice
    from .world import World

OK, CACHED, TIMEOUT = AiRequestStatus.OK, AiRequestStatus.CACHED, AiRequestStatus.TIMEOUT
OF_CONVERSATIONS, OF_ROOMS, OF_KEYS = 0.6, 0.28, 0.05  # of the rows, about; the rest is about documents
OF_A_ROOM = 11  # requests, about
FIRST = 6  # conversations that are measured in any case: they show every trouble, a dictated question, an answer read aloud
DEADLINE = 30_000  # milliseconds


class Request(NamedTuple):
    """What is asked of a provider; times in milliseconds."""

    sent: int  # since 1970
    request_id: str
    whose: str  # as COPY writes the columns user_id to message_id
    operation: AiOperation
    model: str
    read: int
    written: int
    latency: int
    status: AiRequestStatus = OK
    reused: int = 0


@lru_cache(maxsize=4)
def measured(world: World) -> int:
    """Return how many conversations are measured, all of their requests."""
    of = world.count("conversations")
    of_one = 1.5 + mean_length(world) / 2.1
    return min(of, max(FIRST, int(world.count("ai_request_stats") * OF_CONVERSATIONS / of_one)))


def measured_thread(world: World, place: int) -> Thread:
    """Return the conversation that is measured as number ``place``."""
    number = place if place < FIRST else place * world.count("conversations") // measured(world)
    return thread(world, number)


def measured_rooms(world: World) -> Iterator[support.Chat]:
    """Return the rooms that are measured."""
    of = support.count(world)
    count = min(of, max(1, int(world.count("ai_request_stats") * OF_ROOMS / OF_A_ROOM)))
    return (support.chat(world, place * of // count) for place in range(count))


def answer(world: World, told: Thread, lines: list[Line], place: int) -> Request:
    """Return the request that made an answer; its tokens are those of the message."""
    dice = world.dice("ai_request_stats", told.id, place)
    line = lines[place]
    gap = line.at - lines[place - 1].at
    status = OK
    if place == 1 and isinstance(told.trouble, AiRequestStatus):
        status = told.trouble
    elif place == 1 and told.trouble is None and (dice.random() < 0.09 or told.number == FIRST - 1):
        status = CACHED
    latency = DEADLINE if status is TIMEOUT else 2 + dice.randrange(20) if status is CACHED else int(gap * (0.5 + 0.45 * dice.random()))
    sent = line.at - latency
    whose = f"{told.user_id}\t{NULL}\t{told.id}\t{NULL}\t{message_id(world, told, place, line.at)}"
    reused = line.read // 2 if place > 2 and status is OK and dice.random() < 0.6 else 0
    return Request(sent, _id(dice, sent), whose, AiOperation.CHAT, told.model, line.read, line.size, latency, status, reused)


def of_conversation(world: World, told: Thread) -> Iterator[Request]:
    """Return every request of a conversation: answers, searches, what is checked, dictated and read aloud."""
    dice = world.dice("ai_request_stats", told.id)
    whose = f"{told.user_id}\t{NULL}\t{told.id}\t{NULL}\t{NULL}"
    lines = told.lines
    asked = lines[0]
    if told.number == 1 or dice.random() < 0.04:
        yield _plain(dice, asked.at - 700, whose, AiOperation.STT, 40 + asked.size, asked.size, dice.randrange(200, 650))
    yield _plain(dice, asked.at + 4, whose, AiOperation.MODERATE, asked.size, 0, dice.randrange(60, 260))
    for place, line in enumerate(lines):
        if line.sender is SenderType.ASSISTANT:
            if not (told.live and place == len(lines) - 1):  # the one that is being written now is counted when it is done
                yield answer(world, told, lines, place)
        elif line.sender is SenderType.TOOL:
            row = world.dice("ai_request_stats", told.id, place)
            yield _plain(row, line.at - 380, whose, AiOperation.EMBED, lines[place - 1].size, 0, row.randrange(40, 350))
    if told.number == 0 or (dice.random() < 0.03 and not told.live):
        read = lines[-1]
        yield _plain(world.dice("tts", told.id), min(told.until, read.at + 2_500), whose, AiOperation.TTS, read.size, 0, 900)


def of_room(world: World, told: support.Chat) -> Iterator[Request]:
    """Return every request of a room: its translations, and what was said into a microphone."""
    for place, (at, line) in enumerate(zip(told.times, told.lines, strict=True)):
        dice = world.dice("ai_request_stats", told.room_id, place)
        whose = f"{NULL}\t{NULL}\t{NULL}\t{told.room_id}\t"
        if line.content_type == ContentType.AUDIO:
            yield _plain(dice, at, whose + NULL, AiOperation.STT, 300, 40, 800)
        status = translation(told, place)
        if status in (TranslationStatus.NONE, TranslationStatus.PENDING):
            continue
        own = whose + room_message_id(world, told, place)
        model, read, written = TRANSLATORS[told.translator], read_by_translator(line), written_by_translator(line)
        if status is TranslationStatus.FAILED:
            yield Request(at, _id(dice, at), own, AiOperation.TRANSLATE, model, read, 0, 10_000, TIMEOUT)
        else:  # the greeting is the same every time
            cached = line.content_type == ContentType.EVENT or dice.random() < 0.04
            latency = 3 + dice.randrange(9) if cached else 180 + 9 * written + dice.randrange(400)
            yield Request(at, _id(dice, at), own, AiOperation.TRANSLATE, model, read, written, latency, CACHED if cached else OK)


def of_documents(world: World) -> Iterator[Request]:
    """Return the requests that made the documents searchable."""
    for number in range(world.count("documents")):
        row = document(world, number)
        if row.processed_at and row.processing_started_at:
            dice = world.dice("ai_request_stats", row.id)
            sent = milliseconds(row.processing_started_at)
            took = milliseconds(row.processed_at) - sent
            whose = f"{row.user_id}\t{NULL}\t{row.conversation_id or NULL}\t{NULL}\t{NULL}"
            yield _plain(dice, sent, whose, AiOperation.EMBED, row.token_count or 0, 0, int(took * (0.3 + 0.6 * dice.random())))


def of_keys(world: World) -> Iterator[Request]:
    """Return what programs asked with their keys, none of it later than the key was last used."""
    for number in range(int(world.count("ai_request_stats") * OF_KEYS)):
        dice = world.dice("ai_request_stats", "key", number)
        key = api_keys.used_key(world, dice)
        operation = dice.choice(OF_PROGRAMS)
        sent = milliseconds(world.between(key.created_at, key.last_used_at or key.created_at, dice.random()))
        read, written = int(dice.lognormvariate(6, 0.8)), int(dice.lognormvariate(4.5, 0.8))
        writes = operation in (AiOperation.CHAT, AiOperation.TRANSLATE)
        whose = f"{key.user_id}\t{key.id}\t{NULL}\t{NULL}\t{NULL}"
        yield _plain(dice, sent, whose, operation, read, written if writes else 0, 150 + 8 * written)


OF_PROGRAMS = (AiOperation.CHAT, AiOperation.TRANSLATE, AiOperation.TRANSLATE, AiOperation.EMBED, AiOperation.MODERATE)


def _plain(  # noqa: PLR0913, PLR0917 (a column each)
    dice: Dice, sent: int, whose: str, operation: AiOperation, /, read: int, written: int, latency: int
) -> Request:
    return Request(sent, _id(dice, sent), whose, operation, models(operation)[0], read, written, latency)


def _id(dice: Dice, sent: int) -> str:
    return uuid7(sent - 3, dice.digits[20:])
