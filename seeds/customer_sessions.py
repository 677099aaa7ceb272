"""Visits of customers: one for each chat, and some who only looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .people import customer
from .support import LANGUAGES, chat, count
from .wire import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

DEVICES = ("mobile", "mobile", "desktop")
REFERRERS = ("google", "naver", "instagram", "direct")


class Row(NamedTuple):
    id: str
    token: str | None
    display_name: str | None
    language: str
    consent_at: datetime | None
    metadata: str
    expires_at: datetime | None
    last_active: datetime
    created_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (_visit(world, number) for number in range(max(world.count("customer_sessions"), count(world))))


def visit_id(world: World, number: int) -> str:
    """Return the id of the visit that a room is about."""
    return world.id(_came(world, number), "customer_sessions", number)


@lru_cache(maxsize=8)
def _came(world: World, number: int) -> datetime:
    dice = world.dice("customer_sessions", number, "came")
    stay = timedelta(milliseconds=dice.randrange(15_000, 240_000))
    before = moment(chat(world, number).created) if number < count(world) else world.past(0.001 + 0.999 * dice.random() ** 2, 60)
    return before - stay


def _visit(world: World, number: int) -> Row:
    dice = world.dice("customer_sessions", number)
    created = _came(world, number)
    talked = number < count(world)
    if talked:
        came = chat(world, number)
        language, last_active = came.language, moment(came.closed or came.times[-1])
    else:
        language, last_active = dice.choice(LANGUAGES), min(world.now, created + timedelta(seconds=dice.randrange(5, 15)))
    consented = talked or dice.random() < 0.3
    return Row(
        id=visit_id(world, number),
        token=None if dice.random() < 0.1 else world.digest("token", "customer_sessions", number).hex(),
        display_name=customer(world, language, "customer_sessions", number) if consented else None,
        language=language,
        consent_at=created + timedelta(seconds=dice.randrange(2, 5)) if consented else None,
        metadata=f'{{"device": "{dice.choice(DEVICES)}", "referrer": "{dice.choice(REFERRERS)}"}}',
        expires_at=None if dice.random() < 0.15 else created + timedelta(days=30),
        last_active=last_active,
        created_at=created,
    )
