-- Days (Seoul) from %(oldest)s to %(newest)s days ago whose requests are not what the roll-up counted: new, or late rows.
-- Today and yesterday always, since a request may still change.  Read through the index of day_kst.
WITH span AS (
    SELECT (now() AT TIME ZONE 'Asia/Seoul')::date - %(oldest)s AS first, (now() AT TIME ZONE 'Asia/Seoul')::date - %(newest)s AS last
)
SELECT r.day
FROM (
    SELECT s.day_kst AS day, count(*) AS requests
    FROM ai_request_stats AS s, span
    WHERE s.day_kst BETWEEN span.first AND span.last
        -- the same once more on the partition key, so that only those months are read
        AND s.created_at >= span.first::timestamp AT TIME ZONE 'Asia/Seoul'
        AND s.created_at < (span.last + 1)::timestamp AT TIME ZONE 'Asia/Seoul'
    GROUP BY s.day_kst
) AS r
LEFT JOIN (
    SELECT u.day, sum(u.requests) AS requests FROM ai_usage_daily AS u, span WHERE u.day BETWEEN span.first AND span.last GROUP BY u.day
) AS d ON d.day = r.day
WHERE r.requests IS DISTINCT FROM d.requests OR r.day >= (now() AT TIME ZONE 'Asia/Seoul')::date - 1
ORDER BY r.day
