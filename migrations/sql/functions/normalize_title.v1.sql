-- Trigger function: brings a title to Unicode NFC.  macOS sends file names decomposed (NFD); unnormalised,
-- '보고서' from a Mac and from a phone would be different titles, and a CHECK would refuse one of them.
-- Called by documents_normalize_title.
CREATE OR REPLACE FUNCTION normalize_title() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.title := normalize(NEW.title, NFC);
    RETURN NEW;
END
$$
