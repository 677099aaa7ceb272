"""Which steps make a day, a week, a month, and an optimisation, in their order."""

from __future__ import annotations

from typing import NamedTuple

from app_schema.maintenance import batches, indexes, monthly, partitions, tables, usage
from app_schema.maintenance.step import Step

MINUTE, HOUR = 60, 3600


class Plan(NamedTuple):
    """Steps, and the seconds they may take together."""

    name: str
    budget: float
    steps: tuple[Step, ...]


DAILY = Plan(
    "daily",
    HOUR,
    (
        Step("partitions", partitions.ensure),
        Step("logs", batches.logs),
        Step("sessions", batches.sessions),
        Step("agent-sessions", batches.agent_sessions),
        Step("customer-sessions", batches.customer_sessions),
        Step("executions", batches.executions),
        Step("last-messages", batches.last_messages),
        Step("ai-usage", usage.roll_up),
        Step("analyze", tables.analyze),
        Step("vacuum", tables.vacuum),
    ),
)
WEEKLY = Plan(
    "weekly",
    3 * HOUR,
    (
        Step("ai-usage", usage.roll_up_all),
        Step("ai-requests", usage.retire),
        Step("vacuum", tables.vacuum),
        Step("freeze", tables.freeze),
        Step("analyze", tables.analyze_weekly),
        Step("invalid-indexes", indexes.mend),
        Step("bloated-indexes", indexes.rebuild),
    ),
)
MONTHLY = Plan("monthly", 6 * HOUR, (Step("drill", monthly.drill), Step("review", monthly.review)))
OPTIMIZE = Plan(
    "optimize",
    3 * HOUR,
    (
        Step("analyze", tables.analyze),
        Step("vacuum", tables.vacuum),
        Step("invalid-indexes", indexes.mend),
        Step("bloated-indexes", indexes.rebuild),
    ),
)
PLANS = {plan.name: plan for plan in (DAILY, WEEKLY, MONTHLY, OPTIMIZE)}
