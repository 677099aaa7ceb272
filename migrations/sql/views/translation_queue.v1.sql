-- Messages that wait for a translation, per language, with the age of the oldest: the first number to look at
-- when customers see no translation.  For the reporting role: no content.
CREATE OR REPLACE VIEW translation_queue WITH (security_invoker = true) AS
SELECT
    m.original_lang,
    count(*) AS pending,
    min(m.created_at) AS oldest_created_at,
    now() - min(m.created_at) AS oldest_waited
FROM messages AS m
WHERE m.translation_status = 'pending' AND m.deleted_at IS NULL
GROUP BY m.original_lang
