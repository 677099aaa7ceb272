-- Brings workflows.name to Unicode NFC, where it is not.  Its name sorts before workflows_set_updated_at, so it fires first,
-- and the same name typed on a Mac is no change.
CREATE OR REPLACE TRIGGER workflows_normalize_name
    BEFORE INSERT OR UPDATE OF name ON workflows
    FOR EACH ROW WHEN (NEW.name IS NOT NFC NORMALIZED)
    EXECUTE FUNCTION normalize_name()
