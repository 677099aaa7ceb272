"""Uploaded documents, at every step of their processing."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import DocumentStatus

from .dice import weighted
from .slots import Story, ranges
from .threads import thread
from .users import somebody
from .wire import milliseconds, moment
from .world import DAYS, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

STATES = weighted({DocumentStatus.READY: 88, DocumentStatus.ARCHIVED: 8, DocumentStatus.FAILED: 4})
FIRST = (DocumentStatus.READY, DocumentStatus.FAILED, DocumentStatus.ARCHIVED)
LIVE = (DocumentStatus.PROCESSING, DocumentStatus.PENDING, DocumentStatus.PENDING)  # the newest ones
ERRORS = ("암호가 걸린 문서입니다", "글자를 읽을 수 없습니다 (OCR 신뢰도 0.31)", "지원하지 않는 형식입니다")


class Row(NamedTuple):
    id: str
    user_id: str
    conversation_id: str | None
    title: str
    mime_type: str
    size_bytes: int
    storage_key: str
    sha256: str
    status: DocumentStatus
    error: str | None
    language: str | None
    page_count: int | None
    token_count: int | None
    chunk_count: int | None
    metadata: Jsonb
    processing_started_at: datetime | None
    processed_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (document(world, number) for number in range(world.count("documents")))


def document(world: World, number: int) -> Row:
    dice = world.dice("documents", number)
    count = world.count("documents")
    left = count - number
    live = left <= len(LIVE)
    kind = dice.choice(_kinds())
    status = LIVE[-left] if live else FIRST[number] if number < len(FIRST) else dice.choice(STATES)
    talk = None if live or dice.random() < 0.65 else thread(world, number * world.count("conversations") // count)
    if talk:  # attached to the first question
        user_id, until, created = talk.user_id, moment(talk.until), moment(talk.first - 600)
    else:
        created = world.now - timedelta(seconds=40 * left) if live else world.born("documents", number, DAYS)
        who = somebody(world, dice, milliseconds(created), milliseconds(world.now) if live else milliseconds(created))
        user_id, until = who.id, who.until_at
    started = None if status is DocumentStatus.PENDING else min(world.now, created + timedelta(seconds=dice.uniform(1, 9)))
    read = status in (DocumentStatus.READY, DocumentStatus.ARCHIVED)
    done = min(world.now, started + timedelta(seconds=dice.uniform(2, 60))) if started and read else None
    removed = done and done < until and dice.random() < 0.05
    deleted = world.between(done, until, dice.random()) if done and removed else None
    pages = 1 + int(min(400, dice.lognormvariate(1.8, 1.1)))
    story = Story(dice, ranges((kind["title"],)))
    return Row(
        id=world.id(created, "documents", number),
        user_id=user_id,
        conversation_id=talk.id if talk else None,
        title=story.told(kind["title"]),
        mime_type=kind["mime_type"],
        size_bytes=pages * dice.randrange(20_000, 90_000) + dice.randrange(9_000),
        storage_key=f"documents/{created:%Y/%m}/{world.digest('documents', number).hex()[:20]}",
        sha256=world.digest("file", number).hex(),
        status=status,
        error=dice.choice(ERRORS) if status is DocumentStatus.FAILED else None,
        language=kind["language"] if read else None,
        page_count=pages if read else None,
        token_count=pages * dice.randrange(180, 620) if read else None,
        chunk_count=1 + pages * 5 // 3 if read else None,
        metadata=Jsonb({"tags": kind["tags"].split(), "source": dice.choice(["upload", "upload", "mail"])}),
        processing_started_at=started,
        processed_at=done,
        deleted_at=deleted,
        created_at=created,
        updated_at=deleted or done or started or created,
    )


@cache
def _kinds() -> tuple[dict[str, str], ...]:
    kinds = reference("documents")
    return tuple(kinds[place] for place in weighted({place: int(kind["share"]) for place, kind in enumerate(kinds)}))
