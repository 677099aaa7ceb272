"""Visits of customers: one for each chat, and some who only looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from .support import LANGUAGES, chat, count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from .world import World

DEVICES = ("mobile", "mobile", "desktop")
REFERRERS = ("google", "naver", "instagram", "direct")


class Row(NamedTuple):
    id: UUID
    token: str | None
    display_name: str | None
    language: str
    consent_at: datetime | None
    metadata: Jsonb
    expires_at: datetime | None
    last_active: datetime
    created_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (visit(world, number) for number in range(max(world.count("customer_sessions"), count(world))))


@lru_cache(maxsize=1024)
def visit(world: World, number: int) -> Row:
    dice = world.dice("customer_sessions", number)
    stay = timedelta(seconds=dice.uniform(15, 240))
    if number < count(world):
        came = chat(world, number)
        language, created, last_active = came.language, came.created_at - stay, came.closed_at or came.lines[-1].at
    else:
        language, created = dice.choice(LANGUAGES), world.past(dice.random() ** 2, 60) - stay
        last_active = created + stay
    consented = number < count(world) or number % 3 == 0
    return Row(
        id=world.id(created, "customer_sessions", number),
        token=None if number % 9 == 8 else world.digest("token", "customer_sessions", number).hex(),
        display_name=world.name(language, "customer_sessions", number) if consented else None,
        language=language,
        consent_at=created + stay / 2 if consented else None,
        metadata=Jsonb({"device": dice.choice(DEVICES), "referrer": dice.choice(REFERRERS)}),
        expires_at=None if number % 6 == 4 else created + timedelta(days=30),
        last_active=last_active,
        created_at=created,
    )
