-- Masks payment cards and resident numbers without a separator, the two that a checksum tells from other long numbers.
-- It walks the text once: candidates, other digits, and what lies between.  Called by redact_personal.
CREATE OR REPLACE FUNCTION redact_numbers(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    tokens constant text :=
        '([0-9]{13,19}'
        '|[0-9]{4}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4}[-–—―−‐‑·._/ \t]{1,3}[0-9]{1,7}'
        '|[0-9]{4}[-–—―−‐‑·._/ \t]{1,3}[0-9]{6}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4,5})(?![0-9])'
        '|([0-9]+|[^0-9]+)';
    -- what names a number that is no resident number
    otherwise constant text :=
        '(?:invoice|order|receipt|barcode|ean|isbn|sku|track|transaction|txn|time|timestamp|epoch|ts|_ms|_at|송장|주문|영수증|운송장'
        '|바코드|상품|거래|전표|청구)[-_ ]?(?:no|num(?:ber)?|id|code|번호|코드)?[^0-9a-z가-힣]{0,6}$';
    candidate text;
    other text;
    before text := '';
    parts text[] := '{}';
BEGIN
    FOR candidate, other IN
        SELECT m[1], m[2] FROM regexp_matches(p_text COLLATE "C", tokens, 'g') AS m
    LOOP
        IF candidate IS NULL THEN
            parts := parts || other;
        ELSIF before <> '.' AND is_card_number(candidate) THEN
            parts := parts || '[카드]'::text;
        ELSIF length(candidate) = 13 AND before <> '.'
            AND is_resident_number(candidate, right(before, 24) COLLATE "C" ~* otherwise)
        THEN
            parts := parts || '[주민번호]'::text;
        ELSE
            parts := parts || candidate;
        END IF;
        before := coalesce(other, candidate);
    END LOOP;
    RETURN array_to_string(parts, '');
END
$$
