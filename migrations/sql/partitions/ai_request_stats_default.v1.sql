-- The default partition of ai_request_stats: a row is never refused because nobody made its month.
-- ensure_partitions() moves such rows home.
CREATE TABLE ai_request_stats_default PARTITION OF ai_request_stats DEFAULT
