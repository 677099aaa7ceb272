-- Trigger function of logs: masks source, event, message and context (see redact_text and redact_jsonb).
-- One look at the three texts together spares an ordinary row two more.
-- It only assigns to NEW, so that it also works on a Citus shard.
CREATE OR REPLACE FUNCTION redact_log() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    texts constant text := concat_ws(E'\n', NEW.source, NEW.event, NEW.message);
BEGIN
    IF redact_suspects(texts) THEN
        NEW.source := redact_text(NEW.source);
        NEW.event := redact_text(NEW.event);
        NEW.message := redact_text(NEW.message);
    END IF;
    IF NEW.context <> '{}' THEN
        NEW.context := redact_jsonb(NEW.context);
    END IF;
    RETURN NEW;
END
$$
