-- Trigger function of logs: masks source, event, message and context (see redact_text and redact_jsonb).
-- One look at all of them together is all that an ordinary row pays for; not so if JSON escapes hide what stands in context.
-- It only assigns to NEW, so that it also works on a Citus shard.
CREATE OR REPLACE FUNCTION redact_log() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    texts constant text := concat_ws(E'\n', NEW.source, NEW.event, NEW.message);
    context constant text := CASE WHEN NEW.context <> '{}' THEN NEW.context::text ELSE '' END;
    escaped constant boolean := strpos(context, '\') > 0;
BEGIN
    IF escaped OR redact_suspects(concat_ws(E'\n', texts, context)) THEN
        IF redact_suspects(texts) THEN
            NEW.source := redact_text(NEW.source);
            NEW.event := redact_text(NEW.event);
            NEW.message := redact_text(NEW.message);
        END IF;
        IF context <> '' THEN
            NEW.context := redact_jsonb(NEW.context);
        END IF;
    END IF;
    RETURN NEW;
END
$$
