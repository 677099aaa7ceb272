"""AI requests. Where a conversation or a room is measured, all of its requests are: answers, searches, translations.

Which ones are measured follows from the number of rows that the scenario gives this table: in the standard one it is every
seventh conversation. All of them would be some 70,000 rows at scale 1, and tell nothing more.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from app_schema.models import AiOperation

from .prices import cost, traits
from .requests import CACHED, OK, Request, measured, measured_rooms, measured_thread, of_conversation, of_documents, of_keys, of_room
from .wire import NULL, stamp
from .wire import blocks as gathered
from .world import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

PRICES = "demo-2026-01"
# what differs from row to row, then what repeats
columns = (
    *("id", "created_at", "request_id", "user_id", "api_key_id", "conversation_id", "room_id", "message_id"),
    *("input_tokens", "output_tokens", "cache_read_tokens", "cost", "latency_ms", "first_token_ms"),
    *("operation", "provider", "model", "status", "error_code", "price_version"),
)


def blocks(world: World) -> Iterator[tuple[int, bytes]]:
    prices = world.named(PRICES)
    return gathered(_row(asked, prices) for asked in _requests(world))


def _requests(world: World) -> Iterator[Request]:
    for place in range(measured(world)):
        yield from of_conversation(world, measured_thread(world, place))
    for told in measured_rooms(world):
        yield from of_room(world, told)
    yield from chain(of_documents(world), of_keys(world))


def _row(asked: Request, prices: str) -> str:
    sent, request_id, whose, operation, model, read, written, latency, status, reused = asked
    own_id = uuid7(sent, request_id[:12:-1])  # the same digits backwards: as random, without another hash
    paid = cost(operation, model, read, written, reused) if status is OK else "0"
    streams = operation is AiOperation.CHAT and status in (OK, CACHED)
    return (
        f"{own_id}\t{stamp(sent)}\t{request_id}\t{whose}\t{read}\t{written}\t{reused}\t{paid}"
        f"\t{latency}\t{latency // 4 if streams else NULL}\t{traits(operation, model, status, prices)}"
    )
