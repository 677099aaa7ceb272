-- Whether 13 digits without a separator are a Korean resident or foreigner registration number.  The first six must be a date.
-- A right check digit decides.  A wrong one does not exclude a number that has none: since October 2020 the last six digits are
-- random, for who is born since and for who got a new number.  So a number of a birth since October 2020, and of an adult
-- (born 1930 to 1999), counts too, unless p_named_otherwise (invoice, order, time) or it is a Korean barcode (EAN-13, 880...).
-- Called by redact_numbers.
CREATE OR REPLACE FUNCTION is_resident_number(p_digits text, p_named_otherwise boolean) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN p_digits COLLATE "C" !~ '^[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[1-8][0-9]{6}$' THEN false
        ELSE (
            SELECT (11 - weighted % 11) % 10 = last
                OR (substr(p_digits, 7, 1) COLLATE "C" >= '5' AND (13 - weighted % 11) % 10 = last)  -- foreigners
                OR (
                    NOT p_named_otherwise
                    AND CASE
                        WHEN substr(p_digits, 7, 1) IN ('3', '4', '7', '8') THEN left(p_digits, 4) COLLATE "C" >= '2010'
                        ELSE left(p_digits, 2) COLLATE "C" >= '30' AND NOT (p_digits COLLATE "C" ~ '^880' AND barcode % 10 = 0)
                    END
                )
            FROM (
                SELECT sum(n * (CASE WHEN i = 13 THEN 0 ELSE (i - 1) % 8 + 2 END)) AS weighted,
                    sum(n * (CASE WHEN i % 2 = 0 THEN 3 ELSE 1 END)) AS barcode,
                    max(n) FILTER (WHERE i = 13) AS last
                FROM generate_series(1, 13) AS i, CAST(substr(p_digits, i, 1) AS integer) AS n
            ) AS sums
        )
    END
$$
