-- Who answers: one row.
SELECT
    current_setting('server_version') AS version,
    current_setting('server_version_num')::int / 10000 AS major,
    current_database()::text AS database,
    current_user::text AS "user",
    clock_timestamp() AS now,
    pg_postmaster_start_time() AS started,
    (SELECT d.stats_reset FROM pg_stat_database AS d WHERE d.datname = current_database()) AS stats_reset,
    pg_is_in_recovery() AS standby,
    pg_has_role('pg_monitor', 'USAGE') AS monitors
