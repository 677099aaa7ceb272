-- Who may do what with ai_request_stats. The reader's columns are listed, so that a new one stays hidden until it is granted.
-- app_readonly sees every column.
DO $do$
BEGIN
    REVOKE ALL ON ai_request_stats, ai_request_stats_default FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT, INSERT, UPDATE, DELETE ON ai_request_stats TO app_readwrite;
    GRANT SELECT (
        id, created_at, request_id, user_id, api_key_id, conversation_id, room_id, message_id, operation,
        provider, model, status, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost,
        currency, price_version, latency_ms, first_token_ms, error_code, day_kst
    ) ON ai_request_stats TO app_readonly;
END
$do$
