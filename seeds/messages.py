"""Messages of conversations and of rooms, in one table: most rows of all, so each is one piece of text, nearly ready."""

from __future__ import annotations

from hashlib import shake_128
from itertools import chain
from typing import TYPE_CHECKING

from app_schema.models import ContentType, MessageStatus, RoomStatus, SenderType, TranslationStatus

from . import support, threads
from .wire import NULL, stamp
from .wire import blocks as gathered
from .world import reference, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dice import Dice
    from .world import World

NOBODY = f"{NULL}\t{NULL}"
ANY_LINE = 3  # where something happens to a room's line
TRANSLATED = (TranslationStatus.DONE, TranslationStatus.REVIEWED)
TRANSLATORS = [model["model"] for model in reference("models") if model["operation"] == "translate"]
PROMPT_TOKENS = 60
DONE = MessageStatus.DONE
DIGITS = 20  # hexadecimal ones, of which an id takes 18 and a client_msg_id all
# what differs from row to row, then what the same words always bring along
columns = (
    *("id", "created_at", "updated_at", "deleted_at", "conversation_id", "room_id", "parent_message_id", "user_id", "agent_id"),
    *("client_msg_id", "model", "input_tokens"),
    *("sender_type", "content", "content_type", "original_lang", "translated_content", "translated_lang", "translation_status"),
    *("output_tokens", "status", "error", "metadata"),
)


def blocks(world: World) -> Iterator[tuple[int, bytes]]:
    told = (_of_conversation(world, threads.thread(world, number)) for number in range(world.count("conversations")))
    chats = (_of_room(world, support.chat(world, number)) for number in range(support.count(world)))
    return gathered(chain.from_iterable(chain(told, chats)))


def message_id(world: World, thread: threads.Thread, place: int, at: int) -> str:
    """Return the id of a line of a conversation."""
    return uuid7(at, _digits(world, thread.id, place + 1)[DIGITS * place :])


def _digits(world: World, parent: str, lines: int) -> str:
    return shake_128(f"{world.random_seed}/{parent}".encode()).hexdigest(DIGITS * lines // 2)


def _of_conversation(world: World, thread: threads.Thread) -> Iterator[str]:
    digits = _digits(world, thread.id, len(thread.spoken))
    asked = NULL
    by_user = f"{NULL}\t{thread.id}\t{NULL}\t{NULL}\t{thread.user_id}\t{NULL}"
    first, pace = thread.first, thread.pace
    start = read = 0
    after = -thread.spoken[0].gap  # the times and tokens of thread.lines, without the list
    for gap, sender, size, words in thread.spoken:
        after += gap
        at = first + int(pace * after)
        own = digits[start : start + DIGITS]
        start += DIGITS
        own_id, time = uuid7(at, own), stamp(at)
        if sender is SenderType.USER:
            asked = own_id
            yield f"{own_id}\t{time}\t{time}\t{by_user}\t{own}\t{NULL}\t{NULL}\t{words}"
        else:
            by = f"{thread.model}\t{read}" if sender is SenderType.ASSISTANT else NOBODY
            yield f"{own_id}\t{time}\t{time}\t{NULL}\t{thread.id}\t{NULL}\t{asked}\t{NULL}\t{NULL}\t{NULL}\t{by}\t{words}"
        read += size


def room_message_id(world: World, chat: support.Chat, place: int) -> str:
    """Return the id of a line of a room."""
    return uuid7(chat.times[place], _digits(world, chat.room_id, place + 1)[DIGITS * place :])


def _of_room(world: World, chat: support.Chat) -> Iterator[str]:
    digits = _digits(world, chat.room_id, len(chat.lines))
    dice = world.dice("messages", chat.number)
    takes_back = dice.randrange(len(chat.lines)) if chat.closed is not None and dice.random() < 0.03 else None
    for place, (at, line) in enumerate(zip(chat.times, chat.lines, strict=True)):
        own = digits[DIGITS * place : DIGITS * (place + 1)]
        by_agent, by_customer = line.sender == SenderType.AGENT, line.sender == SenderType.CUSTOMER
        time = stamp(at)
        deleted = stamp(at + 4_000) if place == takes_back and line.sender != SenderType.SYSTEM else None
        translated = translation(chat, place)
        words = _words_of_room(line, chat.language, translated, dice if not is_text(line) else None)
        model, read = NULL, NULL
        if translated in TRANSLATED:
            model, read = TRANSLATORS[chat.translator], str(read_by_translator(line))
        yield (
            f"{uuid7(at, own)}\t{time}\t{deleted or time}\t{deleted or NULL}\t{NULL}\t{chat.room_id}\t{NULL}\t{NULL}"
            f"\t{chat.agent_id if by_agent else NULL}\t{own if by_customer else NULL}\t{model}\t{read}\t{words}"
        )


def translation(chat: support.Chat, place: int) -> TranslationStatus:
    """Return how far the translation of a line is."""
    if chat.language == "ko" or not is_text(chat.lines[place]):
        return TranslationStatus.NONE
    if chat.closed is None and place == len(chat.lines) - 1 and (chat.number % 3 == 0 or chat.status is RoomStatus.WAITING):
        return TranslationStatus.PENDING
    if place == ANY_LINE and (chat.number == 1 or chat.translator_fails):
        return TranslationStatus.FAILED
    return TranslationStatus.REVIEWED if chat.number == 0 or chat.reviewed else TranslationStatus.DONE


def is_text(line: support.Line) -> bool:
    """Tell words from files, pictures and voices."""
    return line.content_type in (ContentType.TEXT, ContentType.EVENT)


def read_by_translator(line: support.Line) -> int:
    """Return the tokens that translating a line reads, about."""
    return PROMPT_TOKENS + len(line.korean) * 2 // 3


def written_by_translator(line: support.Line) -> int:
    """Return the tokens that translating a line writes, about."""
    return 1 + len(line.foreign) * 2 // 3


def _words_of_room(line: support.Line, language: str, status: TranslationStatus, of_file: Dice | None) -> str:
    is_customer = line.sender == SenderType.CUSTOMER
    theirs, ours = (line.foreign, line.korean) if is_customer else (line.korean, line.foreign)
    if of_file:
        rest = f"{NULL}\t{NULL}\t{NULL}\t{status}\t{NULL}\t{DONE}\t{NULL}"
        return f'{line.sender}\t{theirs}\t{line.content_type}\t{rest}\t{{"file": "{line.korean}", "bytes": {_size(of_file)}}}\n'
    own, other = (language, "ko") if is_customer else ("ko", language)
    translated = (
        f"{ours}\t{other}\t{status}\t{written_by_translator(line)}" if status in TRANSLATED else f"{NULL}\t{NULL}\t{status}\t{NULL}"
    )
    error = "translation timed out after 10 s" if status is TranslationStatus.FAILED else NULL
    return f"{line.sender}\t{theirs}\t{line.content_type}\t{own}\t{translated}\t{DONE}\t{error}\t{{}}\n"


def _size(dice: Dice) -> int:
    return int(dice.lognormvariate(12, 1))
