-- AI usage per day (KST), provider, model and operation, from the roll-up; as fresh as refreshed_at.
-- For the reporting role.  A row per currency, so that no sum mixes two.
CREATE OR REPLACE VIEW ai_usage WITH (security_invoker = true) AS
SELECT
    u.day,
    u.provider,
    u.model,
    u.operation,
    sum(u.requests) AS requests,
    sum(u.errors) AS errors,
    sum(u.input_tokens) AS input_tokens,
    sum(u.output_tokens) AS output_tokens,
    sum(u.cache_read_tokens) AS cache_read_tokens,
    sum(u.cost) AS cost,
    u.currency,
    round(sum(u.latency_ms_sum) / nullif(sum(u.requests), 0), 1) AS avg_latency_ms,
    max(u.refreshed_at) AS refreshed_at
FROM ai_usage_daily AS u
GROUP BY u.day, u.provider, u.model, u.operation, u.currency
