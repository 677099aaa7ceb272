-- A word and, for a predicate in its dictionary form, what it begins with once inflected: '예쁘다' is 예쁘, 예쁜, 예뻐, …
-- A form stands for everything that begins with it, so that endings need no list.  A word of two syllables stays as it is:
-- its stem of one would be found everywhere.
CREATE OR REPLACE FUNCTION search_forms(p_word text, p_inflected boolean) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    head text := left(p_word, -2);  -- the stem without its last syllable
    tail int;                       -- that syllable, counted from 가: (initial * 21 + vowel) * 28 + final
    open int;                       -- the syllable without its final consonant
    previous int;                   -- the syllable before it
    tails int[];
    forms text[];
BEGIN
    IF NOT p_inflected OR p_word !~ '^[가-힣]{2,19}다$' THEN
        RETURN ARRAY[p_word];
    END IF;
    tail := ascii(substr(p_word, length(p_word) - 1, 1)) - 44032;
    open := tail - tail % 28;
    previous := ascii(right(head, 1)) - 44032;
    tails := CASE tail % 28
        WHEN 0 THEN ARRAY[open + 4, open + 8, open + 16, open + 17] || CASE tail % 588 / 28  -- -ㄴ -ㄹ -ㅁ -ㅂ, then by vowel
            WHEN 0 THEN ARRAY[open + 20]                                                     -- 만나: 만났
            WHEN 1 THEN ARRAY[open + 20]                                                     -- 보내: 보냈
            WHEN 4 THEN ARRAY[open + 20]                                                     -- 나서: 나섰
            WHEN 8 THEN ARRAY[open + 28, open + 48]                                          -- 나오: 나와, 나왔
            WHEN 13 THEN ARRAY[open + 28, open + 48]                                         -- 배우: 배워, 배웠
            WHEN 18 THEN ARRAY[open - 392, open - 372, open - 504, open - 484]               -- 예쁘: 예뻐, 예뻤; 아프: 아파, 아팠
            WHEN 20 THEN ARRAY[open - 392, open - 372]                                       -- 느리: 느려, 느렸
            ELSE '{}'
        END || CASE WHEN open = 10584 THEN ARRAY[10612, 10632] ELSE '{}' END                 -- 하: 해, 했
        WHEN 7 THEN ARRAY[open + 8]                                                          -- 깨닫: 깨달(아)
        WHEN 8 THEN ARRAY[open, open + 4, open + 17]                                         -- 만들: 만드(는), 만든, 만듭(니다)
        WHEN 17 THEN ARRAY[open]                                                             -- 아름답: 아름다(워)
        WHEN 19 THEN ARRAY[open]                                                             -- 퍼붓: 퍼부(어)
        WHEN 27 THEN ARRAY[open, open + 4, open + 8, open + 16] || CASE tail % 588 / 28      -- 그렇: 그러(니), 그런, 그럴, 그럼
            WHEN 0 THEN ARRAY[open + 28, open + 48]                                          -- 빨갛: 빨개, 빨갰
            WHEN 2 THEN ARRAY[open + 28, open + 48]                                          -- 하얗: 하얘, 하얬
            WHEN 4 THEN ARRAY[open - 84, open - 64]                                          -- 그렇: 그래, 그랬
            WHEN 6 THEN ARRAY[open + 28, open + 48]                                          -- 허옇: 허예, 허옜
            ELSE '{}'
        END
        ELSE '{}'
    END;
    forms := ARRAY(SELECT DISTINCT head || chr(44032 + t) FROM unnest(tails || tail) AS t);
    IF open = 3444 AND previous % 28 = 0 THEN                                                -- 모르: 몰라, 몰랐; 부르: 불러, 불렀
        forms := forms || ARRAY(SELECT left(head, -1) || chr(44040 + previous) || l FROM unnest(ARRAY['라', '랐', '러', '렀']) AS l);
    END IF;
    RETURN forms;
END
$$
