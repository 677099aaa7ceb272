-- The default partition of logs: a row is never refused because nobody made its month.
-- ensure_partitions() moves such rows home.
CREATE TABLE logs_default PARTITION OF logs DEFAULT
