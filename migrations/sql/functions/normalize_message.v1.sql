-- Trigger function: brings a message's texts to Unicode NFC, as search_words brings a query: a Mac may send Hangul decomposed.
-- Called by messages_normalize_message.
CREATE OR REPLACE FUNCTION normalize_message() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.content := normalize(NEW.content, NFC);
    NEW.translated_content := normalize(NEW.translated_content, NFC);
    RETURN NEW;
END
$$
