"""AI usage a day: rolled up by the database as ``aggregate_ai_usage`` does it, with ids that are the same in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from .ai_request_stats import PRICES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from .world import World

LOCK = text("SELECT pg_advisory_xact_lock(hashtext('app_schema.aggregate_ai_usage'), hashtext(current_schema()))")
# the function itself, and ids afterwards, would write each row and its index entries twice; it also clears whole days, while
# here a day keeps what was rolled up of requests that are gone, and only the new requests are added;
# a version 7 UUID is 48 bits of milliseconds and, here, digits of the row's own key
ROLL_UP = text("""
    WITH rolled AS MATERIALIZED (
        SELECT
            overlay(overlay(overlay(
                md5(concat_ws('/', CAST(:seed AS text), to_char(day_kst, 'YYYYMMDD'), user_id, provider, model, operation, currency))
                PLACING lpad(to_hex((extract(epoch FROM CAST(:now AS timestamptz)) * 1000)::bigint), 12, '0') FROM 1)
                PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid AS id,
            day_kst AS day, user_id, provider, model, operation, currency,
            count(*) AS requests, count(*) FILTER (WHERE status NOT IN ('ok', 'cached')) AS errors,
            sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(cache_read_tokens) AS cache_read_tokens,
            sum(cost) AS cost, coalesce(sum(latency_ms), 0) AS latency_ms_sum
        FROM ai_request_stats
        WHERE price_version = :prices
        GROUP BY day_kst, user_id, provider, model, operation, currency
        ORDER BY day_kst, user_id NULLS FIRST, provider COLLATE "C", model COLLATE "C", operation COLLATE "C"
    ), added AS (
        UPDATE ai_usage_daily AS there SET
            refreshed_at = greatest(there.refreshed_at, :now), requests = there.requests + new.requests,
            errors = there.errors + new.errors, input_tokens = there.input_tokens + new.input_tokens,
            output_tokens = there.output_tokens + new.output_tokens,
            cache_read_tokens = there.cache_read_tokens + new.cache_read_tokens, cost = there.cost + new.cost,
            latency_ms_sum = there.latency_ms_sum + new.latency_ms_sum
        FROM rolled AS new
        WHERE there.day = new.day AND there.user_id IS NOT DISTINCT FROM new.user_id AND there.provider = new.provider
            AND there.model = new.model AND there.operation = new.operation AND there.currency = new.currency
    )
    INSERT INTO ai_usage_daily (
        id, refreshed_at, day, user_id, provider, model, operation, currency,
        requests, errors, input_tokens, output_tokens, cache_read_tokens, cost, latency_ms_sum
    )
    SELECT
        id, :now, day, user_id, provider, model, operation, currency,
        requests, errors, input_tokens, output_tokens, cache_read_tokens, cost, latency_ms_sum
    FROM rolled
    ON CONFLICT DO NOTHING
""")


def derive(connection: Connection, world: World) -> int:
    """Roll the new requests up and return how many rows that made; those that were there grow."""
    connection.execute(LOCK)
    seed = f"{world.random_seed}/{world.tag}"
    return connection.execute(ROLL_UP, {"now": world.now, "seed": seed, "prices": world.named(PRICES)}).rowcount
