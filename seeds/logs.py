"""System logs. Some lines carry personal data and secrets, which the trigger masks on the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from .users import phone, pick, user
from .world import DAYS, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

columns = ("id", "created_at", "level", "source", "event", "message", "context", "user_id", "request_id", "ip")


def rows(world: World) -> Iterator[tuple[object, ...]]:
    templates = reference("logs")
    for number in range(world.count("logs")):
        dice = world.dice("logs", number)
        template = templates[number % len(templates)]
        created = world.born("logs", number, DAYS)
        whose = user(world, pick(world, dice))
        message = template[
            "message"
        ].format(
            name=whose.name,
            ms=dice.randrange(3, 900),
            resident=f"900230-{dice.randrange(1, 5)}{dice.randrange(10**6):06}",  # nobody's: there is no 30 February
            phone=phone(dice),
            token=world.digest("logs", number).hex()[:24],
        )
        api = template["source"] == "api"
        context: dict[str, object] = {"host": f"{template['source']}-{number % 2 + 1}"}
        if number % 6 == 1:
            context |= {"user": {"phone": whose.phone, "access_token": "demo"}}
        yield (
            *(world.id(created, "logs", number), created, template["level"], template["source"], template["event"], message),
            *(Jsonb(context), whose.id if api else None, world.id(created, "request", number) if api else None),
            f"198.51.100.{dice.randrange(1, 255)}" if api else None,  # RFC 5737: for examples
        )
