-- Brings a message's texts to Unicode NFC, where they are not.  Its name sorts before messages_set_updated_at, so it fires
-- first, and the same text typed on a Mac is no change.
CREATE OR REPLACE TRIGGER messages_normalize_message
    BEFORE INSERT OR UPDATE OF content, translated_content ON messages
    FOR EACH ROW WHEN (NEW.content IS NOT NFC NORMALIZED OR NEW.translated_content IS NOT NFC NORMALIZED)
    EXECUTE FUNCTION normalize_message()
