-- Trigger function: updated_at becomes the time of the transaction.
-- Called by the triggers <table>_set_updated_at.  Names nothing but pg_catalog, so it needs no search_path.
CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$
