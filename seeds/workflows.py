"""Workflows, each with the versions it went through."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import TriggerType, WorkflowStatus

from .users import life
from .world import HISTORY_DAYS, reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .world import World

VERSIONS = (WorkflowStatus.ARCHIVED, WorkflowStatus.PUBLISHED, WorkflowStatus.DRAFT)
CREATED = (0.9, 0.35, 0.08)  # the share of all work that was done since; the first ones before anything ran


class Row(NamedTuple):
    id: str
    user_id: str | None
    name: str
    description: str
    version: int
    definition: Jsonb
    status: WorkflowStatus
    trigger_type: TriggerType
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    for number in range(len(reference("workflows"))):
        for version in range(1, 1 + len(VERSIONS)):
            yield workflow(world, number, version)


def version_at(world: World, number: int, at: datetime) -> Row:
    """Return the version that ran at a time."""
    return next(row for row in (workflow(world, number, version) for version in (2, 1)) if row.created_at <= at)


@lru_cache(maxsize=64)
def workflow(world: World, number: int, version: int) -> Row:
    kind = reference("workflows")[number]
    steps = kind["steps"].split()[: 1 + version]
    created = world.past(CREATED[version - 1] - 0.01 * number, HISTORY_DAYS)
    return Row(
        id=world.id(created, "workflows", number, version),
        user_id=life(world, 0).id if number % 3 == 0 else None,
        name=world.named(kind["name"]),
        description=kind["description"],
        version=version,
        definition=Jsonb({"nodes": [{"id": step} for step in steps], "edges": [list(pair) for pair in pairwise(steps)]}),
        status=VERSIONS[version - 1],
        trigger_type=TriggerType(kind["trigger_type"]),
        created_at=created,
        updated_at=created,
    )
