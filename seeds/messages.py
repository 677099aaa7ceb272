"""Messages of conversations and of rooms, in one table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import ContentType, MessageStatus, RoomStatus, SenderType, TranslationStatus

from . import support, threads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from .world import World

ANY_LINE = 3  # where something happens to a room's line


class Row(NamedTuple):
    id: UUID
    created_at: datetime
    updated_at: datetime
    sender_type: str
    content: str
    content_type: str
    conversation_id: UUID | None = None
    room_id: UUID | None = None
    parent_message_id: UUID | None = None
    user_id: UUID | None = None
    agent_id: UUID | None = None
    original_lang: str | None = "ko"
    translated_content: str | None = None
    translated_lang: str | None = None
    translation_status: TranslationStatus = TranslationStatus.NONE
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    status: MessageStatus = MessageStatus.DONE
    error: str | None = None
    client_msg_id: str | None = None
    metadata: Jsonb = Jsonb({})
    deleted_at: datetime | None = None


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    for number in range(world.count("conversations")):
        yield from _of_conversation(world, threads.thread(world, number))
    for number in range(support.count(world)):
        yield from _of_room(world, number, support.chat(world, number))


def message_id(world: World, parent: UUID, place: int, at: datetime) -> UUID:
    return world.id(at, "messages", parent, place)


def _of_conversation(world: World, thread: threads.Thread) -> Iterator[Row]:
    asked: UUID | None = None
    read = 0  # the model reads the whole conversation again at every turn
    for place, line in enumerate(thread.lines):
        own_id = message_id(world, thread.id, place, line.at)
        is_user, is_answer = line.sender is SenderType.USER, line.sender is SenderType.ASSISTANT
        read += len(line.content)
        yield Row(
            id=own_id,
            created_at=line.at,
            updated_at=line.at,
            sender_type=line.sender,
            content=line.content,
            content_type=line.content_type,
            conversation_id=thread.id,
            parent_message_id=None if is_user else asked,
            user_id=thread.user_id if is_user else None,
            model=thread.model if is_answer else None,
            input_tokens=read if is_answer else None,
            output_tokens=len(line.content) if is_answer else None,
            status=line.status,
            error="provider answered 529: overloaded" if line.status is MessageStatus.FAILED else None,
            client_msg_id=world.digest("client", own_id).hex()[:16] if is_user else None,
            metadata=Jsonb({"tool": line.tool, "results": 3} if line.tool else {}),
        )
        asked = own_id if is_user else asked


def _of_room(world: World, number: int, chat: support.Chat) -> Iterator[Row]:
    for place, line in enumerate(chat.lines):
        own_id = message_id(world, chat.room_id, place, line.at)
        is_customer, is_agent = line.sender == SenderType.CUSTOMER, line.sender == SenderType.AGENT
        theirs = chat.language if is_customer else "ko"
        is_text = line.content_type in (ContentType.TEXT, ContentType.EVENT)
        status = _translation(chat, number, place) if is_text and chat.language != "ko" else TranslationStatus.NONE
        translated = status in (TranslationStatus.DONE, TranslationStatus.REVIEWED)
        takes_back = chat.closed_at is not None and number % 9 == 5 and place == ANY_LINE
        deleted = line.at + timedelta(seconds=5) if takes_back else None
        yield Row(
            id=own_id,
            created_at=line.at,
            updated_at=deleted or line.at,
            sender_type=line.sender,
            content=line.foreign if is_customer else line.korean,
            content_type=line.content_type,
            room_id=chat.room_id,
            agent_id=chat.agent_id if is_agent else None,
            original_lang=theirs if is_text else None,
            translated_content=(line.korean if is_customer else line.foreign) if translated else None,
            translated_lang=("ko" if is_customer else chat.language) if translated else None,
            translation_status=status,
            model="gpt-5-mini" if translated else None,
            error="translation timed out after 10 s" if status is TranslationStatus.FAILED else None,
            client_msg_id=world.digest("client", own_id).hex()[:16] if is_customer else None,
            metadata=Jsonb({} if is_text else {"file": line.korean, "bytes": 40_000 + 977 * number}),
            deleted_at=deleted,
        )


def _translation(chat: support.Chat, number: int, place: int) -> TranslationStatus:
    newest = place == len(chat.lines) - 1
    if newest and chat.status is not RoomStatus.CLOSED and number % 3 == 0:
        return TranslationStatus.PENDING
    if number % 8 == 2 and place == ANY_LINE:
        return TranslationStatus.FAILED
    return TranslationStatus.REVIEWED if number % 10 == 4 else TranslationStatus.DONE
