"""System logs. Some lines carry personal data and secrets, which the trigger masks on the way in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import SenderType

from . import requests, sessions
from .dice import weighted
from .prices import CODES
from .users import called, life, phone, somebody
from .wire import milliseconds, moment
from .world import DAYS, reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .dice import Dice
    from .world import World

columns = ("id", "created_at", "level", "source", "event", "message", "context", "user_id", "request_id", "ip")
LANGUAGES = ("en", "zh", "ja", "vi", "ru")


class Cause(NamedTuple):
    """What a line is about."""

    at: datetime
    user_id: str | None
    request_id: str | None
    ms: int


def rows(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(world.count("logs")):
        dice = world.dice("logs", number)
        kinds = _kinds()
        kind = reference("logs")[number if number < len(reference("logs")) else dice.choice(kinds)]
        cause = _cause(world, number, kind, dice)
        message = kind[
            "message"
        ].format(
            ms=cause.ms,
            slow=dice.randrange(3_000, 20_000),
            few=dice.randrange(40),
            tries=dice.randrange(1, 5),
            ticket=10_000 + dice.randrange(world.count("chat_rooms")),
            language=dice.choice(LANGUAGES),
            workflow=dice.choice(reference("workflows"))["name"],
            name=_name(world, number) if kind["about"] == "sign-in" else "",
            resident=f"900230-{dice.randrange(1, 5)}{dice.randrange(10**6):06}",  # nobody's: there is no 30 February
            phone=phone(dice),
            token=world.digest("logs", number).hex()[:24],
            short=world.digest("logs", number).hex()[:8],
        )
        context: dict[str, object] = {"host": f"{kind['source']}-{1 + dice.randrange(3)}"}
        if dice.random() < 0.1:
            context |= {"user": {"phone": phone(dice), "access_token": "demo"}}
        yield (
            *(world.id(cause.at, "logs", number), cause.at, kind["level"], kind["source"], kind["event"], message),
            *(Jsonb(context), cause.user_id, cause.request_id),
            f"198.51.100.{dice.randrange(1, 255)}" if kind["source"] == "api" else None,  # RFC 5737: for examples
        )


def _cause(world: World, number: int, kind: dict[str, str], dice: Dice) -> Cause:
    if kind["about"] in ("answer", "trouble"):
        return _request(world, dice, trouble=kind["about"] == "trouble")
    if kind["about"] == "sign-in":
        whose, at = sessions.signed_in(world, number % world.count("sessions"))
        return Cause(at, life(world, whose).id, world.id(at, "request", number), 0)
    at = world.born("logs", number, DAYS)
    ms = 3 + int(dice.lognormvariate(4, 0.9))
    if kind["source"] != "api":
        return Cause(at, None, None, ms)
    return Cause(at, somebody(world, dice, milliseconds(at), milliseconds(at)).id, world.id(at, "request", number), ms)


def _name(world: World, number: int) -> str:
    return called(world, sessions.signed_in(world, number % world.count("sessions"))[0])[0]


def _request(world: World, dice: Dice, *, trouble: bool) -> Cause:
    # of an answer of a conversation: of one that did not come, if there is trouble
    # (the last one that is measured may be the one that is being answered now)
    place = dice.randrange(len(CODES)) if trouble else dice.randrange(requests.measured(world) - 1)
    told = requests.measured_thread(world, place)
    lines = told.lines
    answers = [place for place, line in enumerate(lines) if line.sender is SenderType.ASSISTANT]
    asked = requests.answer(world, told, lines, 1 if trouble else dice.choice(answers))
    return Cause(moment(asked.sent + asked.latency), told.user_id, asked.request_id, asked.latency)


@cache
def _kinds() -> tuple[int, ...]:
    return weighted({place: int(kind["share"]) for place, kind in enumerate(reference("logs"))})
