-- Masks personal data: resident numbers, payment cards, phones, e-mail addresses; accounts, passports and driving licences
-- where a word names them.  No secrets and no addresses of machines.  Called by redact_text and guardrail_matches.
-- A rule runs only if its words are there: PostgreSQL keeps 32 compiled patterns, and compiles any other one again.
-- No lookbehind: it reads from the start of the text again at each match, which is quadratic.  What stands before a match is
-- captured and put back (\1); at its end stands a lookahead.
CREATE OR REPLACE FUNCTION redact_personal(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    masked text COLLATE "C" := p_text;
    seen constant text COLLATE "C" := lower(p_text COLLATE "C");
    digits constant boolean := seen ~ '[0-9]{10}|[-–—―−‐‑·._/0-9() \t+]{11}';
BEGIN
    IF digits AND masked ~ '[0-9]{13}|[0-9]{4}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4,6}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4}' THEN
        masked := redact_numbers(masked);
    END IF;

    -- A version is no phone: a control character between its word and its digits stands in the way, and goes at the end.
    IF digits AND seen LIKE ANY (ARRAY['%ver%', '%rev%', '%release%', '%build%', '%firmware%', '%버전%']) THEN
        masked := regexp_replace(
            masked,
            '((?:semver|version|ver|rev|revision|release|build|firmware|버전)[ \t]*[:=]?[ \t"'']*)(?=[0-9])', '\1' || chr(1), 'gi'
        );
    END IF;

    -- E-mail addresses; not git@host, logo@2x.png, unit@1.service.
    IF seen LIKE ANY (ARRAY['%_@_%', '%_\%40_%']) THEN
        masked := regexp_replace(
            masked,
            '(^|[^A-Za-z0-9._%+-])(?!git@)[A-Za-z0-9._%+-]+(?:@|%40)'
            '(?![0-9]x\.|[A-Za-z0-9.-]*\.(?:service|timer|socket|target|mount|png|jpe?g|gif|svg|webp)(?![A-Za-z0-9]))'
            '[A-Za-z0-9가-힣-]+(?:\.[A-Za-z0-9가-힣-]+)*\.(?:[A-Za-z]{2,24}|한국)(?![A-Za-z0-9])',
            '\1[이메일]', 'g'
        );
    END IF;

    -- Bank accounts after a word that names one.
    IF seen LIKE ANY (ARRAY[
        '%계좌%', '%입금%', '%송금%', '%account%', '%iban%', '%은행%', '%뱅크%', '%농협%', '%수협%', '%신협%', '%우체국%', '%금고%', '%예금주%'
    ]) THEN
        masked := regexp_replace(
            masked,
            '((?:계좌|입금|송금|은행|뱅크|농협|수협|신협|우체국|새마을금고|예금주|bank[-_ ]?account|account[-_ ]?(?:no|num(?:ber)?))'
            '[^0-9\n\[]{0,20})'
            '(?![0-9]{1,3}(?:,[0-9]{3})+|[0-9]{4}-[0-9]{2}-[0-9]{2}(?![-0-9]))'
            '[0-9][0-9]{1,5}[-–—―−‐‑·._ ]{0,3}[0-9]{2,6}[-–—―−‐‑·._ ]{0,3}[0-9]{3,8}(?:[-–—―−‐‑·._ ]{1,3}[0-9]{1,6})?(?![0-9])'
            '(?!:[0-9]| ?원)|(iban[^A-Za-z0-9\n]{0,6})[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{2,4}){3,8}(?![A-Za-z0-9])',
            '\1\2[계좌]', 'gi'
        );
    END IF;

    -- Passports after a word that names one: M12345678, M123A4567, PM1234567.
    IF seen LIKE ANY (ARRAY['%여권%', '%passport%']) THEN
        masked := regexp_replace(
            masked,
            '((?:여권|passport)(?:[^0-9A-Za-z\n]|no|num(?:ber)?|번호|is|=){0,12})'
            '[A-Z](?:[0-9]{3}[A-Z0-9][0-9]{4}|[A-Z][0-9]{7})(?![A-Za-z0-9])',
            '\1[여권]', 'gi'
        );
    END IF;

    -- Driving licences: in their own form (11-12-345678-90), or twelve digits after a word that names one.
    IF seen LIKE ANY (ARRAY['%면허%', '%licen%']) OR digits AND seen LIKE '%-%-%-%' THEN
        masked := regexp_replace(
            masked,
            '(^|[^-0-9])[1-2][0-9]-[0-9]{2}-[0-9]{6}-[0-9]{2}(?![-0-9])'
            '|((?:면허|licen[cs]e)[^0-9\n\[]{0,20})(?:[0-9]{2}[-–—―−‐‑·._ ]{0,3})?[0-9]{2}[-–—―−‐‑·._ ]{0,3}[0-9]{6}'
            '[-–—―−‐‑·._ ]{0,3}[0-9]{2}(?![0-9])',
            '\1\2[면허]', 'gi'
        );
    END IF;

    -- Cards after a word that names one, whatever their check digit.
    IF digits AND seen LIKE ANY (ARRAY['%카드%', '%card%']) THEN
        masked := regexp_replace(
            masked,
            '((?:카드 ?번호|card[-_ ]?(?:no|num(?:ber)?))[^0-9\n\[]{0,12})'
            '[0-9]{4}(?:[-–—―−‐‑·._ ]{0,3}[0-9]{4}){2}[-–—―−‐‑·._ ]{0,3}[0-9]{2,4}(?![0-9])',
            '\1[카드]', 'gi'
        );
    END IF;

    IF digits THEN
        -- Resident numbers: with a separator, whatever their date and check digit; without one, after a word that names one.
        masked := regexp_replace(
            masked,
            '(^|[^0-9])[0-9]{6}[-–—―−‐‑·._/ \t]{1,3}[1-8][0-9]{6}(?![0-9])', '\1[주민번호]', 'g'
        );
        IF seen LIKE ANY (ARRAY['%주민%', '%외국인%', '%등록번호%', '%jumin%', '%rrn%', '%ssn%', '%resident%']) THEN
            masked := regexp_replace(
                masked,
                '((?:주민|외국인|등록번호|jumin|rrn|ssn|resident)[^0-9\n]{0,20})[0-9]{13}(?![0-9])', '\1[주민번호]', 'gi'
            );
        END IF;

        -- Phones: mobile, +82, landline with a separator, other countries with a plus sign.  The first group and the last lookahead
        -- leave uuids, decimals and longer numbers alone; a dotted 010 has four digits in the middle; an amount is no phone.
        masked := regexp_replace(
            masked,
            '((?:^|[^-0-9A-Fa-f.(+' || chr(1) || ']|\((?!\+?[0-9]{2,4}\))|[1-9]\.|[^0-9]\.)[A-Fa-f]{0,3}-?)'
            '(?:'
            '(?:\(01[016789]\)|01[016789])[-–—―−‐‑·_/) \t]{0,3}[0-9]{3,4}[-–—―−‐‑·_/ \t]{0,3}[0-9]{4}'
            '|010\.[0-9]{4}\.[0-9]{4}|01[16789]\.[0-9]{3,4}\.[0-9]{4}'
            '|\(?(?:\+|00)?82\)?[-–—―−‐‑·._/ \t]{0,3}(?:\(?0\)?)?\(?1[016789]\)?'
            '[-–—―−‐‑·._/ \t]{0,3}[0-9]{3,4}[-–—―−‐‑·._/ \t]{0,3}[0-9]{4}'
            '|\(?(?:\+|00)82\)?[-–—―−‐‑·._/ \t]{0,3}(?:\(?0\)?)?\(?(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70)\)?'
            '[-–—―−‐‑·._/ \t]{0,3}[0-9]{3,4}[-–—―−‐‑·._/ \t]{0,3}[0-9]{4}'
            '|(?:\(0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50[2-8])\)[-–—―−‐‑·._/ \t]{0,3}'
            '|0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50[2-8])[-–—―−‐‑·._/) \t]{1,3})'
            '[0-9]{3,4}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4}'
            '|\+[1-9][0-9]{9,13}|\+[1-9][0-9]{0,2}[-. ]{1,2}\(?[0-9]{2,4}\)?[-. ]{1,2}[0-9]{3,4}[-. ]{1,2}[0-9]{3,4}'
            ')'
            '(?![0-9])(?![-:][0-9A-Fa-f]{4}-[0-9A-Fa-f])(?!-[0-9A-Fa-f]{12})(?! ?(?:원|won|krw|달러|포인트)|\.[0-9])',
            '\1[전화]', 'gi'
        );
    END IF;
    RETURN translate(masked, chr(1), '');
END
$$
