-- A text with what a query found in it between two marks.  The text itself is not escaped: where it is to become HTML,
-- escape it first or build it from search_spans.
CREATE OR REPLACE FUNCTION search_highlight(
    p_text text, p_query text, p_inflected boolean DEFAULT false, p_spacing boolean DEFAULT false,
    p_start text DEFAULT '<mark>', p_stop text DEFAULT '</mark>'
) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
    SET search_path FROM CURRENT
AS $$
DECLARE
    span int4range;
    place int := 0;
    marked text := '';
BEGIN
    FOR span IN SELECT unnest(search_spans(p_text, p_query, p_inflected, p_spacing)) LOOP
        marked := marked || substr(p_text, place + 1, lower(span) - place)
            || p_start || substr(p_text, lower(span) + 1, upper(span) - lower(span)) || p_stop;
        place := upper(span);
    END LOOP;
    RETURN marked || substr(p_text, place + 1);
END
$$
