"""Which steps make a day, a week, a month, and an optimisation, in their order."""

from __future__ import annotations

from typing import NamedTuple

from app_schema.maintenance import batches, partitions
from app_schema.maintenance.step import Step

MINUTE, HOUR = 60, 3600


class Plan(NamedTuple):
    """Steps, and the seconds they may take together."""

    name: str
    budget: float
    steps: tuple[Step, ...]


DAILY = Plan(
    "daily",
    30 * MINUTE,
    (
        Step("partitions", partitions.ensure),
        Step("logs", batches.logs),
        Step("sessions", batches.sessions),
        Step("agent-sessions", batches.agent_sessions),
        Step("customer-sessions", batches.customer_sessions),
        Step("executions", batches.executions),
    ),
)
PLANS = {plan.name: plan for plan in (DAILY,)}
