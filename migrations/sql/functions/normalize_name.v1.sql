-- Trigger function: brings a name to Unicode NFC, as search_words brings a query.
-- Called by workflows_normalize_name.
CREATE OR REPLACE FUNCTION normalize_name() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.name := normalize(NEW.name, NFC);
    RETURN NEW;
END
$$
