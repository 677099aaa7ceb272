-- Who may do what with ai_usage_daily. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- app_readonly sees every column.
DO $do$
BEGIN
    REVOKE ALL ON ai_usage_daily FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON ai_usage_daily TO app_readwrite;
    GRANT SELECT (
        id, day, user_id, provider, model, operation, requests, errors, input_tokens, output_tokens,
        cache_read_tokens, cost, currency, latency_ms_sum, refreshed_at
    ) ON ai_usage_daily TO app_readonly;
END
$do$
