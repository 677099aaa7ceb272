-- Brings conversations.title to Unicode NFC, where it is not.  Its name sorts before conversations_set_updated_at, so it
-- fires first, and the same title typed on a Mac is no change.
CREATE OR REPLACE TRIGGER conversations_normalize_title
    BEFORE INSERT OR UPDATE OF title ON conversations
    FOR EACH ROW WHEN (NEW.title IS NOT NFC NORMALIZED)
    EXECUTE FUNCTION normalize_title()
