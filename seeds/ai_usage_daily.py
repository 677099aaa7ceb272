"""AI usage a day: rolled up by the database as ``aggregate_ai_usage`` does it, with ids that are the same in every run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from .world import DAYS, SEOUL

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from .world import World

LOCK = text("SELECT pg_advisory_xact_lock(hashtext('app_schema.aggregate_ai_usage'), hashtext(current_schema()))")
CLEAR = text("DELETE FROM ai_usage_daily WHERE day BETWEEN :first AND :last")
# the function itself, and ids afterwards, would write each row and its index entries twice;
# a version 7 UUID is 48 bits of milliseconds and, here, digits of the row's own key
ROLL_UP = text("""
    INSERT INTO ai_usage_daily (
        id, refreshed_at, day, user_id, provider, model, operation, currency,
        requests, errors, input_tokens, output_tokens, cache_read_tokens, cost, latency_ms_sum
    )
    SELECT
        overlay(overlay(overlay(
            md5(concat_ws('/', CAST(:seed AS text), to_char(day_kst, 'YYYYMMDD'), user_id, provider, model, operation, currency))
            PLACING lpad(to_hex((extract(epoch FROM CAST(:now AS timestamptz)) * 1000)::bigint), 12, '0') FROM 1)
            PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid,
        :now, day_kst, user_id, provider, model, operation, currency,
        count(*), count(*) FILTER (WHERE status NOT IN ('ok', 'cached')), sum(input_tokens), sum(output_tokens),
        sum(cache_read_tokens), sum(cost), coalesce(sum(latency_ms), 0)
    FROM ai_request_stats
    WHERE day_kst BETWEEN :first AND :last
    GROUP BY day_kst, user_id, provider, model, operation, currency
    ORDER BY day_kst, user_id NULLS FIRST, provider COLLATE "C", model COLLATE "C", operation COLLATE "C"
""")


def derive(connection: Connection, world: World) -> int:
    """Roll up and return how many rows that made."""
    today = world.now.astimezone(SEOUL).date()
    days = {"first": today - timedelta(days=DAYS + 1), "last": today}
    connection.execute(LOCK)
    connection.execute(CLEAR, days)
    return connection.execute(ROLL_UP, {"now": world.now, "seed": f"{world.random_seed}/{world.tag}", **days}).rowcount
