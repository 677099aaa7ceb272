"""AI requests of the last thirty days; some of them made a message of a conversation."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import AiOperation, AiRequestStatus, SenderType

from .messages import message_id
from .threads import MODELS, Thread, thread
from .users import somebody
from .wire import moment
from .world import DAYS, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dice import Dice
    from .world import World

OPERATIONS = ("chat",) * 12 + ("translate",) * 8 + ("embed",) * 3 + ("moderate",) * 3 + ("stt", "tts")
STATES = (*(AiRequestStatus.OK,) * 25, AiRequestStatus.ERROR, AiRequestStatus.CACHED, AiRequestStatus.TIMEOUT, AiRequestStatus.BLOCKED)
ERRORS = {AiRequestStatus.ERROR: "overloaded", AiRequestStatus.TIMEOUT: "deadline_exceeded", AiRequestStatus.BLOCKED: "content_filter"}


class Row(NamedTuple):
    id: str
    created_at: datetime
    request_id: str
    user_id: str | None
    conversation_id: str | None
    message_id: str | None
    operation: AiOperation
    provider: str
    model: str
    status: AiRequestStatus
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost: Decimal
    price_version: str
    latency_ms: int
    first_token_ms: int | None
    error_code: str | None


class Answer(NamedTuple):
    thread: Thread
    place: int


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (_request(world, number) for number in range(world.count("ai_request_stats")))


def _request(world: World, number: int) -> Row:
    dice = world.dice("ai_request_stats", number)
    created = world.born("ai_request_stats", number, DAYS)
    operation = AiOperation(dice.choice(OPERATIONS))
    model = dice.choice(_models(operation))
    user_id = None if operation in (AiOperation.TRANSLATE, AiOperation.MODERATE) else somebody(world, "ai_request_stats", number)
    told = _answer(world, dice) if operation is AiOperation.CHAT and number % 3 == 0 else None
    if told:
        created, user_id = moment(told.thread.at(told.place)), told.thread.user_id
        model = next(model for model in MODELS if model["model"] == told.thread.model)
    status = STATES[number % len(STATES)]
    worked = status is AiRequestStatus.OK
    read = int(dice.lognormvariate(6.5, 1))
    written = int(dice.lognormvariate(5, 0.8)) if worked and Decimal(model["output_price"]) else 0
    reused = read // 2 if operation is AiOperation.CHAT and number % 3 == 0 else 0
    cost = (read - reused) * Decimal(model["input_price"]) + written * Decimal(model["output_price"])
    latency = int(dice.lognormvariate(6.8, 0.6))
    return Row(
        id=world.id(created, "ai_request_stats", number),
        created_at=created,
        request_id=world.id(created - timedelta(milliseconds=3), "ai_request", number),
        user_id=user_id,
        conversation_id=told.thread.id if told else None,
        message_id=message_id(world, told.thread, told.place) if told else None,
        operation=operation,
        provider=model["provider"],
        model=model["model"],
        status=status,
        input_tokens=read,
        output_tokens=written,
        cache_read_tokens=reused,
        cost=cost / 1_000_000 if worked else Decimal(0),
        price_version="demo-2026-01",
        latency_ms=3 if status is AiRequestStatus.CACHED else 30_000 if status is AiRequestStatus.TIMEOUT else latency,
        first_token_ms=latency // 3 if worked and operation is AiOperation.CHAT else None,
        error_code=ERRORS.get(status),
    )


@cache
def _models(operation: str) -> list[dict[str, str]]:
    return [model for model in reference("models") if model["operation"] == operation]


def _answer(world: World, dice: Dice) -> Answer | None:
    # any one of any conversation
    told = thread(world, dice.randrange(world.count("conversations")))
    place = dice.randrange(len(told.lines))
    return Answer(told, place) if told.lines[place].sender is SenderType.ASSISTANT else None
