-- Whether digits, with or without separators, are a payment card number: 14 to 19 digits, a first digit that a card network
-- uses, and the Luhn check digit.  Called by redact_numbers.
CREATE OR REPLACE FUNCTION is_card_number(p_text text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT (
        SELECT length(d) BETWEEN 14 AND 19
            AND d COLLATE "C" ~ '^(?:[34569]|2[2-7])'
            AND (
                SELECT sum(CASE WHEN (length(d) - i) % 2 = 0 THEN n WHEN n > 4 THEN 2 * n - 9 ELSE 2 * n END) % 10 = 0
                FROM generate_series(1, length(d)) AS i, CAST(substr(d, i, 1) AS integer) AS n
            )
        FROM regexp_replace(p_text COLLATE "C", '[^0-9]', '', 'g') AS d
    )
$$
