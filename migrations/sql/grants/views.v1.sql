-- Applications read every view; the reader those that show no message.
DO $do$
BEGIN
    REVOKE ALL ON
        active_sessions, agent_dashboard, ai_usage, cache_hit_ratio, index_usage, room_history, table_sizes,
        translation_queue, waiting_rooms, workflow_queue
    FROM app_readwrite, app_readonly; -- what a default privilege may have given
    GRANT SELECT ON
        active_sessions, agent_dashboard, ai_usage, cache_hit_ratio, index_usage, room_history, table_sizes,
        translation_queue, waiting_rooms, workflow_queue
    TO app_readwrite;
    GRANT SELECT ON
        active_sessions, agent_dashboard, ai_usage, cache_hit_ratio, index_usage, table_sizes,
        translation_queue, waiting_rooms, workflow_queue
    TO app_readonly;
END
$do$
