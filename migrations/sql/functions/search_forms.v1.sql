-- A word and, for a predicate in its dictionary form, what it begins with once inflected: '예쁘다' is 예쁘, 예쁜, 예뻐, …
-- A form stands for everything that begins with it, so that endings need no list; a stem of one syllable has some of
-- them, since alone it would be found everywhere ('오다' is 오는, 온다, 왔, …, not 오).
CREATE OR REPLACE FUNCTION search_forms(p_word text, p_inflected boolean) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    head text := left(p_word, -2);  -- the stem without its last syllable
    tail int;                       -- that syllable, counted from 가: (initial * 21 + vowel) * 28 + final
    open int;                       -- the syllable without its final consonant
    bare text;                      -- the same, as text
    previous int;                   -- the syllable before it
    fused int[];                    -- the syllable grown together with -어, then with -었
    forms text[];
BEGIN
    IF NOT p_inflected OR p_word !~ '^[가-힣]{1,19}다$' THEN
        RETURN ARRAY[p_word];
    END IF;
    tail := ascii(substr(p_word, length(p_word) - 1, 1)) - 44032;
    open := tail - tail % 28;
    bare := chr(44032 + open);
    fused := CASE
        WHEN tail % 28 = 0 THEN CASE tail % 588 / 28
            WHEN 0 THEN CASE WHEN open = 10584 THEN ARRAY[10612, 10632] ELSE ARRAY[open, open + 20] END  -- 하: 해, 했; 만나: 만나, 만났
            WHEN 1 THEN ARRAY[open, open + 20]                                                           -- 보내: 보내, 보냈
            WHEN 4 THEN ARRAY[open, open + 20]                                                           -- 나서: 나서, 나섰
            WHEN 5 THEN ARRAY[open, open + 20]                                                           -- 건네: 건네, 건넸
            WHEN 6 THEN ARRAY[open, open + 20]                                                           -- 켜: 켜, 켰
            WHEN 8 THEN ARRAY[open + 28, open + 48]                                                      -- 나오: 나와, 나왔
            WHEN 11 THEN ARRAY[open - 28, open - 8]                                                      -- 안되: 안돼, 안됐
            WHEN 13 THEN ARRAY[open + 28, open + 48]                                                     -- 배우: 배워, 배웠
            WHEN 18 THEN ARRAY[open - 392, open - 372, open - 504, open - 484]                           -- 예쁘: 예뻐, 예뻤; 아프: 아파, 아팠
            WHEN 20 THEN ARRAY[open - 392, open - 372]                                                   -- 느리: 느려, 느렸
            ELSE '{}'
        END
        WHEN tail % 28 = 27 THEN CASE tail % 588 / 28
            WHEN 4 THEN ARRAY[open - 84, open - 64]                                                      -- 그렇: 그래, 그랬
            ELSE ARRAY[open + 28, open + 48]                                                             -- 빨갛: 빨개, 빨갰
        END
        ELSE '{}'
    END;
    IF head <> '' THEN
        forms := ARRAY(
            SELECT DISTINCT head || chr(44032 + t)
            FROM unnest(fused || tail || CASE tail % 28
                WHEN 0 THEN ARRAY[open + 4, open + 8, open + 16, open + 17]   -- 예쁘: 예쁜, 예쁠, 예쁨, 예쁩(니다)
                WHEN 7 THEN ARRAY[open + 8]                                   -- 깨닫: 깨달(아)
                WHEN 8 THEN ARRAY[open, open + 4, open + 17]                  -- 만들: 만드(는), 만든, 만듭(니다)
                WHEN 17 THEN ARRAY[open]                                      -- 아름답: 아름다(워)
                WHEN 19 THEN ARRAY[open]                                      -- 퍼붓: 퍼부(어)
                WHEN 27 THEN ARRAY[open, open + 4, open + 8, open + 16]       -- 그렇: 그러(니), 그런, 그럴, 그럼
                ELSE '{}'
            END) AS t
        );
        previous := ascii(right(head, 1)) - 44032;
        IF open = 3444 AND tail = open AND previous % 28 = 0 THEN             -- 모르: 몰라, 몰랐; 부르: 불러, 불렀
            forms := forms || ARRAY(SELECT left(head, -1) || chr(44040 + previous) || l FROM unnest(ARRAY['라', '랐', '러', '렀']) AS l);
        END IF;
        RETURN forms;
    END IF;
    IF tail = open THEN
        RETURN ARRAY(SELECT bare || e FROM unnest(string_to_array('다고는지면니게던려자서기세시어었아았네져', NULL)) AS e)                   -- 오: 오고, 오는
            || ARRAY[chr(44036 + open) || '다', chr(44049 + open) || '니']                                                   -- 온다, 옵니
            || CASE WHEN tail % 588 / 28 = 18 THEN ARRAY[chr(44036 + open)] ELSE '{}' END                                    -- 크: 큰
            || CASE WHEN bare = '하' THEN ARRAY['하여', '하였'] ELSE '{}' END
            || CASE                                                                                                          -- 보: 봐; 와 is everywhere
                WHEN tail % 588 / 28 IN (8, 11, 13) AND tail / 588 <> 11 THEN ARRAY[chr(44032 + fused[1])] ELSE '{}'
            END
            || ARRAY(SELECT DISTINCT chr(44032 + f) FROM unnest(fused) AS f WHERE f % 28 > 0)                                -- 왔
            || ARRAY(SELECT DISTINCT chr(44032 + f) || e FROM unnest(fused) AS f, unnest(ARRAY['서', '요', '도']) AS e WHERE f % 28 = 0);  -- 와서
    END IF;
    RETURN chr(44032 + tail) || CASE tail % 28
        WHEN 7 THEN ARRAY(SELECT chr(44040 + open) || e FROM unnest(ARRAY['어', '었', '으', '은', '을', '아', '았']) AS e)    -- 듣: 들어
        WHEN 8 THEN ARRAY[bare || '는', bare || '니', chr(44036 + open) || '다', chr(44049 + open) || '니']                  -- 놀: 노는, 논다, 놉니
        WHEN 17 THEN ARRAY(SELECT bare || e FROM unnest(ARRAY['워', '웠', '운', '울', '움', '와', '왔']) AS e)                -- 춥: 추워
        WHEN 19 THEN ARRAY(SELECT bare || e FROM unnest(ARRAY['어', '었', '으', '은', '을', '아', '았']) AS e)                -- 짓: 지어
        ELSE '{}'
    END;
END
$$
