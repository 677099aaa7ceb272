-- Trigger function of logs: masks message and context (see redact_text and redact_jsonb).
-- It only assigns to NEW, so that it also works on a Citus shard.
CREATE OR REPLACE FUNCTION redact_log() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    NEW.message := redact_text(NEW.message);
    IF NEW.context <> '{}' THEN
        NEW.context := redact_jsonb(NEW.context);
    END IF;
    RETURN NEW;
END
$$
