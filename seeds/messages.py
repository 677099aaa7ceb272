"""Messages of conversations and of rooms, in one table: most rows of all, so each is one piece of text, nearly ready."""

from __future__ import annotations

from functools import lru_cache
from hashlib import shake_128
from itertools import chain
from typing import TYPE_CHECKING

from app_schema.models import ContentType, MessageStatus, RoomStatus, SenderType, TranslationStatus

from . import support, threads
from .wire import NULL, stamp
from .wire import blocks as gathered
from .wire import line as written
from .world import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

NOBODY = f"{NULL}\t{NULL}"
ANY_LINE = 3  # where something happens to a room's line
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


def message_id(world: World, thread: threads.Thread, place: int) -> str:
    """Return the id of a line of a conversation."""
    return uuid7(thread.at(place), _digits(world, thread.id, place + 1)[DIGITS * place :])


def _digits(world: World, parent: str, lines: int) -> str:
    return shake_128(f"{world.random_seed}/{parent}".encode()).hexdigest(DIGITS * lines // 2)


def _of_conversation(world: World, thread: threads.Thread) -> Iterator[str]:
    digits = _digits(world, thread.id, len(thread.lines))
    asked = NULL
    by_user = f"{NULL}\t{thread.id}\t{NULL}\t{NULL}\t{thread.user_id}\t{NULL}"
    first, pace = thread.first, thread.pace
    for place, (after, sender, read, words) in enumerate(thread.lines):
        at = first + int(pace * after)  # as thread.at(place), without the call
        own = digits[DIGITS * place : DIGITS * place + DIGITS]
        own_id, time = uuid7(at, own), stamp(at)
        if sender is SenderType.USER:
            asked = own_id
            yield f"{own_id}\t{time}\t{time}\t{by_user}\t{own}\t{NULL}\t{NULL}\t{words}"
        else:
            by = f"{thread.model}\t{read}" if sender is SenderType.ASSISTANT else NOBODY
            yield f"{own_id}\t{time}\t{time}\t{NULL}\t{thread.id}\t{NULL}\t{asked}\t{NULL}\t{NULL}\t{NULL}\t{by}\t{words}"


def _of_room(world: World, chat: support.Chat) -> Iterator[str]:
    digits = _digits(world, chat.room_id, len(chat.lines))
    for place, line in enumerate(chat.lines):
        at = chat.at(place)
        own = digits[DIGITS * place : DIGITS * (place + 1)]
        time = stamp(at)
        takes_back = chat.closed is not None and chat.number % 9 == 5 and place == ANY_LINE
        deleted = stamp(at + 5_000) if takes_back else None
        translation = _translation(chat, place)
        translated = translation in (TranslationStatus.DONE, TranslationStatus.REVIEWED)
        yield (
            f"{uuid7(at, own)}\t{time}\t{deleted or time}\t{deleted or NULL}\t{NULL}\t{chat.room_id}\t{NULL}\t{NULL}"
            f"\t{chat.agent_id if line.sender == SenderType.AGENT else NULL}\t{own if line.sender == SenderType.CUSTOMER else NULL}"
            f"\t{'gpt-5-mini' if translated else NULL}\t{NULL}"
            f"\t{_words_of_room(line, chat.language, translation, 0 if _is_text(line) else chat.number % 50)}"
        )


def _translation(chat: support.Chat, place: int) -> TranslationStatus:
    if chat.language == "ko" or not _is_text(chat.lines[place]):
        return TranslationStatus.NONE
    newest = place == len(chat.lines) - 1
    if newest and chat.status is not RoomStatus.CLOSED and chat.number % 3 == 0:
        return TranslationStatus.PENDING
    if chat.number % 8 == 2 and place == ANY_LINE:
        return TranslationStatus.FAILED
    return TranslationStatus.REVIEWED if chat.number % 10 == 4 else TranslationStatus.DONE


def _is_text(line: support.Line) -> bool:
    return line.content_type in (ContentType.TEXT, ContentType.EVENT)


@lru_cache(maxsize=8192)
def _words_of_room(line: support.Line, language: str, translation: TranslationStatus, kind: int) -> str:
    is_customer, is_text = line.sender == SenderType.CUSTOMER, _is_text(line)
    theirs, ours = (line.foreign, line.korean) if is_customer else (line.korean, line.foreign)
    translated = translation in (TranslationStatus.DONE, TranslationStatus.REVIEWED)
    return written(
        *(line.sender, theirs, line.content_type, (language if is_customer else "ko") if is_text else None),
        *((ours, "ko" if is_customer else language) if translated else (None, None)),
        *(translation, None, MessageStatus.DONE, "translation timed out after 10 s" if translation is TranslationStatus.FAILED else None),
        "{}" if is_text else f'{{"file": "{line.korean}", "bytes": {40_000 + 977 * kind}}}',
    )
