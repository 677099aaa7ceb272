"""The stories that seeds tell. A scenario says what scale 1 means; everything else follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from app_schema.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

SMALL = {
    "users": 40,
    "conversations": 60,
    "chat_rooms": 40,
    "messages": 750,
    "agents": 8,
    "agent_sessions": 16,
    "ai_request_stats": 600,
    "api_keys": 24,
    "cache_metadata": 50,
    "customer_sessions": 60,
    "documents": 40,
    "logs": 200,
    "sessions": 60,
    "workflow_executions": 60,
}
FULL = {
    "users": 1_000,
    "conversations": 10_000,
    "chat_rooms": 2_000,
    "messages": 100_000,
    "agents": 40,
    "agent_sessions": 120,
    "ai_request_stats": 12_000,
    "api_keys": 240,
    "cache_metadata": 1_000,
    "customer_sessions": 2_500,
    "documents": 1_000,
    "logs": 4_000,
    "sessions": 1_500,
    "workflow_executions": 1_500,
}
# at any scale, however small: fewer would not show every state of every state machine
LEAST = {
    "users": 10,
    "conversations": 10,
    "chat_rooms": 14,
    "messages": 250,
    "agents": 8,
    "agent_sessions": 8,
    "ai_request_stats": 100,
    "api_keys": 8,
    "cache_metadata": 8,
    "customer_sessions": 14,
    "documents": 10,
    "logs": 24,
    "sessions": 10,
    "workflow_executions": 16,
}
CLINIC = {**FULL, "users": 300, "conversations": 2_000, "chat_rooms": 5_000, "messages": 60_000, "agents": 120, "customer_sessions": 6_000}


@dataclass(frozen=True)
class Scenario:
    """What scale 1 is.

    Attributes:
        story: one line for a person who chooses.
        counts: rows of each table at scale 1; facts such as workflows do not grow.
        waiting: the share of rooms that wait for an agent at the end of the story.
        active: the share of rooms in which somebody is talking then.
    """

    story: str
    counts: Mapping[str, int]
    waiting: float = 0.01
    active: float = 0.03


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "demo": Scenario("a small clinic to look around in: 40 users, 750 messages, in half a second", SMALL, waiting=0.15, active=0.3),
        "standard": Scenario("ninety days of a hospital: 1,000 users, 10,000 conversations, 2,000 rooms, 100,000 messages", FULL),
        "busy_clinic": Scenario("a Monday morning: every agent talks and hundreds of customers wait", CLINIC, waiting=0.1, active=0.05),
        "million_messages": Scenario("standard ten times over, for plans and indexes", {name: 10 * rows for name, rows in FULL.items()}),
    }
)


def find(name: str) -> Scenario:
    """Return a scenario by name.

    Raises:
        SettingsError: there is none; the message lists those there are.
    """
    if name not in SCENARIOS:
        listed = "; ".join(f"{known} ({scenario.story})" for known, scenario in SCENARIOS.items())
        raise SettingsError(f"there is no scenario {name}; choose one of: {listed}")
    return SCENARIOS[name]
