-- Who follows this server, what its slots keep, and, on a standby, how far it is behind itself.
SELECT
    -- whoever only writes WAL down never replays it, and replay_lag counts from when it connected
    CASE WHEN r.flush_lsn IS NOT NULL AND r.replay_lsn IS NULL THEN 'receiver' ELSE 'standby' END AS kind,
    coalesce(nullif(r.application_name, ''), r.pid::text) AS name,
    coalesce(r.state, 'hidden') AS state,
    extract(epoch FROM CASE WHEN r.replay_lsn IS NULL THEN r.flush_lag ELSE coalesce(r.replay_lag, r.flush_lag) END)::float8 AS lag_seconds,
    CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.replay_lsn, r.flush_lsn)) END::bigint AS behind_bytes,
    (coalesce(r.replay_lsn, r.flush_lsn) - '0/0'::pg_lsn)::bigint AS position_bytes
FROM pg_stat_replication AS r
UNION ALL
SELECT
    'slot',
    s.slot_name,
    CASE WHEN s.wal_status = 'lost' THEN 'lost' WHEN s.active THEN 'active' ELSE 'inactive' END,
    NULL,
    pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, s.restart_lsn)::bigint,
    NULL
FROM pg_replication_slots AS s
WHERE NOT s.temporary
UNION ALL
-- archive_command: what was written since the last segment that it took, and for how long that waits
SELECT
    'archiver',
    'archive_command',
    CASE WHEN a.last_failed_time > coalesce(a.last_archived_time, '-infinity') THEN 'failing' ELSE 'active' END,
    CASE WHEN b.bytes > 65536 THEN extract(epoch FROM clock_timestamp() - coalesce(a.last_archived_time, a.stats_reset)) ELSE 0 END::float8,
    b.bytes,
    NULL
FROM pg_stat_archiver AS a
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.last_archived_wal ~ '^[0-9A-F]{24}$' THEN greatest(0, pg_wal_lsn_diff(
        pg_current_wal_lsn(),
        '0/0'::pg_lsn + ('x' || substr(a.last_archived_wal, 9, 8))::bit(32)::bigint * 4294967296::numeric
            + (('x' || substr(a.last_archived_wal, 17, 8))::bit(32)::bigint + 1)
                * (SELECT s.setting::bigint FROM pg_settings AS s WHERE s.name = 'wal_segment_size')
    ))::bigint END
) AS b (bytes)
WHERE current_setting('archive_mode') <> 'off' AND NOT pg_is_in_recovery()
UNION ALL
SELECT 'self', 'this server', 'standby',
    -- a primary that writes nothing has nothing to replay: no lag
    CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE extract(epoch FROM clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())) END::float8,
    pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint,
    (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint
WHERE pg_is_in_recovery()
