-- Pages found and read by this database since its statistics began.
SELECT d.blks_hit, d.blks_read FROM pg_stat_database AS d WHERE d.datname = current_database()
