-- Brings documents.title to Unicode NFC.  Its name sorts before documents_set_updated_at, so it fires
-- first, and the same title typed on a Mac is no change.
CREATE OR REPLACE TRIGGER documents_normalize_title
    BEFORE INSERT OR UPDATE OF title ON documents
    FOR EACH ROW EXECUTE FUNCTION normalize_title()
