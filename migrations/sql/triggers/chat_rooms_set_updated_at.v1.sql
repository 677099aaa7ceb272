-- Keeps chat_rooms.updated_at current.  WHEN: an UPDATE that changes nothing leaves the time alone.
-- (OLD.* IS DISTINCT FROM NEW.* is refused once a table has generated columns; compare columns then.)
CREATE OR REPLACE TRIGGER chat_rooms_set_updated_at
    BEFORE UPDATE ON chat_rooms
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION set_updated_at()
