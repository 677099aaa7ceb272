"""Runs of workflows: most are over, the newest are the queue that workers look at now."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import ExecutionStatus

from .dice import weighted
from .users import somebody
from .wire import milliseconds
from .workflows import version_at
from .world import DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

OVER = weighted({ExecutionStatus.SUCCEEDED: 93, ExecutionStatus.FAILED: 5, ExecutionStatus.CANCELLED: 2})
FIRST = (ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED)
OUTPUTS = ("예약을 확인하고 안내문을 보냄", "{n}건을 처리함", "보고서를 메일로 보냄", "고칠 것이 없음", "{n}건 가운데 1건을 사람에게 넘김")
POPULAR = weighted({0: 45, 1: 25, 4: 16, 3: 8, 5: 4, 2: 2})  # numbers of workflows
LIVE = (
    *(ExecutionStatus.WAITING, ExecutionStatus.RUNNING, ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.QUEUED),
    *(ExecutionStatus.RUNNING, ExecutionStatus.QUEUED, ExecutionStatus.QUEUED),
)
PRIORITIES = weighted({0: 80, 5: 12, -5: 8})
ERRORS = ("AI 제공자가 30초 안에 답하지 않음", "보험사 양식이 바뀌었음: 칸 7을 찾을 수 없음", "문자 발송 한도를 넘음")


class Row(NamedTuple):
    id: str
    workflow_id: str
    workflow_version: int
    user_id: str | None
    status: ExecutionStatus
    priority: int
    run_after: datetime
    attempts: int
    max_attempts: int
    dedup_key: str | None
    locked_by: str | None
    heartbeat_at: datetime | None
    input: Jsonb
    output: Jsonb | None
    payload_bytes: int
    error: str | None
    total_tokens: int
    cost: Decimal
    started_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (_execution(world, number) for number in range(world.count("workflow_executions")))


def _execution(world: World, number: int) -> Row:
    dice = world.dice("workflow_executions", number)
    left = world.count("workflow_executions") - number
    live = left <= len(LIVE)
    status = LIVE[-left] if live else FIRST[number] if number < len(FIRST) else dice.choice(OVER)
    created = world.now - timedelta(minutes=4 * left + dice.random()) if live else world.born("workflow_executions", number, DAYS)
    queued, running = status is ExecutionStatus.QUEUED, status is ExecutionStatus.RUNNING
    started = (
        None
        if queued or (status is ExecutionStatus.CANCELLED and dice.random() < 0.5)
        else created + timedelta(seconds=dice.uniform(1, 20))
    )
    finished = None if live else min(world.now, (started or created) + timedelta(seconds=dice.lognormvariate(2.5, 1)))
    heartbeat = world.now - timedelta(seconds=dice.uniform(1, 25)) if running else finished if started else None
    if running and left == len(LIVE) - 1:
        heartbeat = started  # its worker died: requeue_stale_executions will find it
    workflow = version_at(world, dice.choice(POPULAR), created)
    who = None if dice.random() < 0.3 else somebody(world, dice, milliseconds(created), milliseconds(created))
    tokens = dice.randrange(500, 9000) if started else 0
    scheduled = queued and number % 2 == 0
    failed = status is ExecutionStatus.FAILED
    return Row(
        id=world.id(created, "workflow_executions", number),
        workflow_id=workflow.id,
        workflow_version=workflow.version,
        user_id=who.id if who else None,
        status=status,
        priority=dice.choice(PRIORITIES),
        run_after=world.now + timedelta(minutes=30) if scheduled else created,
        attempts=3 if failed else 1 if started else 0,
        max_attempts=3,
        dedup_key=f"{created:%Y-%m-%d}/{number}{world.tag}" if dice.random() < 0.3 else None,
        locked_by=f"worker-{number % 2 + 1}:{4000 + number}" if running else None,
        heartbeat_at=heartbeat,
        input=Jsonb({"room": f"CS-{10000 + dice.randrange(world.count('chat_rooms'))}", "language": dice.choice(["ko", "en", "zh"])}),
        output=Jsonb({"summary": dice.choice(OUTPUTS).format(n=dice.randrange(2, 90))}) if status is ExecutionStatus.SUCCEEDED else None,
        payload_bytes=int(dice.lognormvariate(9, 1.5)),
        error=dice.choice(ERRORS) if failed else None,
        total_tokens=tokens,
        cost=Decimal(tokens) * Decimal("0.000002"),
        started_at=started,
        finished_at=finished,
        created_at=created,
        updated_at=finished or heartbeat or started or created,
    )
