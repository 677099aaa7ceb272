"""Guardrails: what a hospital's chat must not let through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from .users import life
from .world import reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

columns = (
    *("id", "name", "description", "stage", "rule_type", "pattern", "config", "action", "severity"),
    *("priority", "version", "enabled", "created_by", "created_at", "updated_at"),
)


def rows(world: World) -> Iterator[tuple[object, ...]]:
    for number, rule in enumerate(reference("guardrails")):
        created = world.past(0.6 - number * 0.02, 90)
        yield (
            *(world.id(created, "guardrails", number), world.named(rule["name"]), rule["description"], rule["stage"], rule["rule_type"]),
            *(rule["pattern"] or None, Jsonb(json.loads(rule["config"])), rule["action"], int(rule["severity"])),
            *(10 * (number + 1), 1 + number % 3, rule["enabled"] == "true", life(world, 0).id, created, created),
        )
