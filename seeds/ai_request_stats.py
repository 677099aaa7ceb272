"""AI requests; some of them made a message of a conversation."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from app_schema.models import AiOperation, AiRequestStatus, SenderType

from .messages import message_id
from .threads import thread
from .users import somebody
from .wire import NULL, line, milliseconds, stamp
from .wire import blocks as gathered
from .world import DAYS, reference, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dice import Dice
    from .world import World

OPERATIONS = (
    *(AiOperation.CHAT,) * 12,
    *(AiOperation.TRANSLATE,) * 8,
    *(AiOperation.EMBED,) * 3,
    *(AiOperation.MODERATE,) * 3,
    *(AiOperation.STT, AiOperation.TTS),
)
UNATTENDED = (AiOperation.TRANSLATE, AiOperation.MODERATE)  # nobody asked for them
STATES = (*(AiRequestStatus.OK,) * 25, AiRequestStatus.ERROR, AiRequestStatus.CACHED, AiRequestStatus.TIMEOUT, AiRequestStatus.BLOCKED)
ERRORS = {AiRequestStatus.ERROR: "overloaded", AiRequestStatus.TIMEOUT: "deadline_exceeded", AiRequestStatus.BLOCKED: "content_filter"}
NANO = 1_000_000_000
# what differs from row to row, then what repeats
columns = (
    *("id", "created_at", "request_id", "user_id", "conversation_id", "message_id"),
    *("input_tokens", "output_tokens", "cache_read_tokens", "cost", "latency_ms", "first_token_ms"),
    *("operation", "provider", "model", "status", "error_code", "price_version"),
)


def blocks(world: World) -> Iterator[tuple[int, bytes]]:
    return gathered(_request(world, number) for number in range(world.count("ai_request_stats")))


def _request(world: World, number: int) -> str:
    dice = world.dice("ai_request_stats", number)
    operation = dice.choice(OPERATIONS)
    models = _models(operation)
    kind = dice.randrange(len(models))
    told = _answer(world, dice) if operation is AiOperation.CHAT and number % 3 == 0 else None
    if told:
        created, kind, whose = told
    else:
        created = milliseconds(world.born("ai_request_stats", number, DAYS, dice.random()))
        whose = f"{NULL if operation in UNATTENDED else somebody(world, dice)}\t{NULL}\t{NULL}"
    status = STATES[number % len(STATES)]
    worked = status is AiRequestStatus.OK
    input_price, output_price = _prices(operation)[kind]
    read = dice.choice(_spread(6.5, 1))
    written = dice.choice(_spread(5, 0.8)) if worked and output_price else 0
    reused = read // 2 if operation is AiOperation.CHAT and number % 3 == 0 else 0
    cost = (read - reused) * input_price + written * output_price if worked else 0
    latency = dice.choice(_spread(6.8, 0.6))
    waited = 3 if status is AiRequestStatus.CACHED else 30_000 if status is AiRequestStatus.TIMEOUT else latency
    digits = dice.digits
    return (
        f"{uuid7(created, digits)}\t{stamp(created)}\t{uuid7(created - 3, digits[20:])}\t{whose}"
        f"\t{read}\t{written}\t{reused}\t{cost // NANO}.{cost % NANO:09}"
        f"\t{waited}\t{latency // 3 if worked and operation is AiOperation.CHAT else NULL}\t{_traits(operation, kind, status)}"
    )


def _answer(world: World, dice: Dice) -> tuple[int, int, str] | None:
    # when, by which model and for whom some answer of a conversation was made
    told = thread(world, dice.randrange(world.count("conversations")))
    place = dice.randrange(len(told.lines))
    if told.lines[place].sender is not SenderType.ASSISTANT:
        return None
    kind = [model["model"] for model in _models(AiOperation.CHAT)].index(told.model)
    return told.at(place), kind, f"{told.user_id}\t{told.id}\t{message_id(world, told, place)}"


@cache
def _models(operation: AiOperation) -> list[dict[str, str]]:
    return [model for model in reference("models") if model["operation"] == operation]


@cache
def _prices(operation: AiOperation) -> list[tuple[int, int]]:
    # dollars for a million tokens are thousands of nanodollars for one
    return [(round(1000 * float(model["input_price"])), round(1000 * float(model["output_price"]))) for model in _models(operation)]


@cache
def _spread(mu: float, sigma: float) -> list[int]:
    # numbers whose logarithms are normal, as sizes and durations are
    normal = NormalDist(mu, sigma)
    return [int(math.exp(normal.inv_cdf((place + 0.5) / 4096))) for place in range(4096)]


@cache
def _traits(operation: AiOperation, kind: int, status: AiRequestStatus) -> str:
    model = _models(operation)[kind]
    return line(operation, model["provider"], model["model"], status, ERRORS.get(status), "demo-2026-01")
