"""AI usage a day: rolled up by the database's own function, then given ids and times that are the same in every run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from .world import DAYS, SEOUL

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from .world import World

ROLL_UP = text("SELECT aggregate_ai_usage(:first, :last)")
# a version 7 UUID: 48 bits of milliseconds, the rest from the row's own key
IDENTIFY = text("""
    UPDATE ai_usage_daily SET
        refreshed_at = :now,
        id = overlay(overlay(overlay(
            md5(concat_ws('/', CAST(:seed AS text), to_char(day, 'YYYYMMDD'), user_id, provider, model, operation, currency))
            PLACING lpad(to_hex((extract(epoch FROM CAST(:now AS timestamptz)) * 1000)::bigint), 12, '0') FROM 1)
            PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid
    WHERE day BETWEEN :first AND :last
""")


def derive(connection: Connection, world: World) -> int:
    """Roll up and return how many rows that made."""
    today = world.now.astimezone(SEOUL).date()
    days = {"first": today - timedelta(days=DAYS + 1), "last": today}
    made = connection.execute(ROLL_UP, days).scalar_one()
    connection.execute(IDENTIFY, {"now": world.now, "seed": str(world.random_seed), **days})
    return int(made)
