-- Asked of the replica: how far it is behind the position of the server that was asked before.
SELECT
    CASE WHEN pg_is_in_recovery() THEN 'streaming' ELSE 'not a standby' END AS state,
    CASE
        WHEN NOT pg_is_in_recovery() THEN NULL
        WHEN pg_last_wal_replay_lsn() >= %(position)s::pg_lsn THEN 0
        -- one that has replayed nothing since it was started is behind for as long at least
        ELSE extract(epoch FROM clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time()))
    END::float8 AS lag_seconds,
    CASE WHEN pg_is_in_recovery() THEN greatest(pg_wal_lsn_diff(%(position)s::pg_lsn, pg_last_wal_replay_lsn()), 0) END::bigint AS behind_bytes,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() - '0/0'::pg_lsn END::bigint AS position_bytes
