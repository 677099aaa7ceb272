"""Workflows, each with the versions it went through."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import TriggerType, WorkflowStatus

from .users import user
from .world import reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .world import World

VERSIONS = (WorkflowStatus.ARCHIVED, WorkflowStatus.PUBLISHED, WorkflowStatus.DRAFT)


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


def published(world: World, number: int) -> Row:
    """Return the version that runs."""
    return workflow(world, number % len(reference("workflows")), 1 + VERSIONS.index(WorkflowStatus.PUBLISHED))


def workflow(world: World, number: int, version: int) -> Row:
    kind = reference("workflows")[number]
    steps = kind["steps"].split()[: 1 + version]
    created = world.past((len(VERSIONS) + 1 - version) * 0.2, 90)
    return Row(
        id=world.id(created, "workflows", number, version),
        user_id=user(world, number).id if number % 3 == 0 else None,
        name=world.named(kind["name"]),
        description=kind["description"],
        version=version,
        definition=Jsonb({"nodes": [{"id": step} for step in steps], "edges": [list(pair) for pair in pairwise(steps)]}),
        status=VERSIONS[version - 1],
        trigger_type=TriggerType(kind["trigger_type"]),
        created_at=created,
        updated_at=created,
    )
