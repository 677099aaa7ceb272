"""Uploaded documents, at every step of their processing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import DocumentStatus

from .threads import thread
from .users import somebody
from .wire import moment
from .world import DAYS, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

STATES = (*(DocumentStatus.READY,) * 6, DocumentStatus.FAILED, DocumentStatus.READY, DocumentStatus.ARCHIVED)
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
    return (_document(world, number) for number in range(world.count("documents")))


def _document(world: World, number: int) -> Row:
    dice = world.dice("documents", number)
    left = world.count("documents") - number
    kinds = reference("documents")
    kind = kinds[number % len(kinds)]
    status = LIVE[-left] if left <= len(LIVE) else STATES[number % len(STATES)]
    created = world.now - timedelta(seconds=40 * left) if left <= len(LIVE) else world.born("documents", number, DAYS)
    started = None if status is DocumentStatus.PENDING else min(world.now, created + timedelta(seconds=dice.uniform(1, 9)))
    read = status in (DocumentStatus.READY, DocumentStatus.ARCHIVED)
    done = min(world.now, started + timedelta(seconds=dice.uniform(2, 60))) if started and read else None
    deleted = done + (world.now - done) * 0.5 if done and number % 10 == 4 else None
    talk = thread(world, number % world.count("conversations")) if number % 3 == 0 else None
    within = talk if talk and moment(talk.created) < created else None
    pages = dice.randrange(1, 60)
    return Row(
        id=world.id(created, "documents", number),
        user_id=within.user_id if within else somebody(world, dice),
        conversation_id=within.id if within else None,
        title=kind["title"],
        mime_type=kind["mime_type"],
        size_bytes=pages * dice.randrange(20_000, 90_000),
        storage_key=f"documents/{created:%Y/%m}/{world.digest('documents', number).hex()[:20]}",
        sha256=world.digest("file", number).hex(),
        status=status,
        error=dice.choice(ERRORS) if status is DocumentStatus.FAILED else None,
        language=kind["language"] if read else None,
        page_count=pages if read else None,
        token_count=pages * 420 if read else None,
        chunk_count=pages * 2 if read else None,
        metadata=Jsonb({"tags": kind["tags"].split(), "source": dice.choice(["upload", "upload", "mail"])}),
        processing_started_at=started,
        processed_at=done,
        deleted_at=deleted,
        created_at=created,
        updated_at=deleted or done or started or created,
    )
