-- Whether a text may hold anything to mask: a cheap look, so that ordinary rows cost little.  What it passes over is never masked.
-- Words are found with LIKE, which costs a fraction of a regular expression; only a text that has one meets the pattern that
-- decides.  Uuids, which most rows have, are no numbers and no keys.  Called by redact_text, redact_jsonb and redact_log.
CREATE OR REPLACE FUNCTION redact_suspects(p_text text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    seen text COLLATE "C" := lower(p_text COLLATE "C");
BEGIN
    IF seen LIKE '%-%-%-%-%' THEN
        seen := regexp_replace(seen, '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '#', 'g');
    END IF;
    RETURN
        -- words and forms that are enough
        seen LIKE ANY (ARRAY[
            '%passw%', '%pass-w%', '%phrase%', '%passcode%', '%pswd%', '%secret%', '%credential%', '%signature%',
            '%authorization%', '%bearer%', '%basic %', '%cookie%', '%jwt%', '%sessid%', '%session_id%', '%session-id%',
            '%session id%', '%sessionid%', '%connect.sid%', '%identified by%', '%sshpass%', '%mysql%', '%redis-cli%',
            '%private key%', '%$2_$%', '%$argon2%', '%$_$%', '%$gy$%', '%pbkdf2%', '%scrypt%', '%scram-%', '%hook%/%',
            '%/bot%', '%logic.azure%', '%jandi%', '%ifttt%', '%iban%', '%passport%', '%rrn%', '%jumin%', '%resident%', '%card_n%', '%cardn%',
            '%_@_%.%', '%\%40%', '%://%@%'
        ])
        OR seen ~ '[계금농등면뱅보비송수시신예우암여은인일입주카토패핀확]' AND seen LIKE ANY (ARRAY[
            '%비밀%', '%비번%', '%패스워드%', '%패스프%', '%암호%', '%시크릿%', '%토큰%', '%보안키%', '%보안 키%', '%보안코드%', '%보안 코드%', '%보안번호%',
            '%인증키%', '%인증 키%', '%인증번호%', '%인증 번호%', '%인증코드%', '%인증 코드%', '%확인번호%', '%확인 번호%', '%확인코드%', '%확인 코드%', '%일회용%',
            '%핀번호%', '%핀 번호%', '%계좌%', '%입금%', '%송금%', '%은행%', '%뱅크%', '%농협%', '%수협%', '%신협%', '%우체국%', '%금고%', '%예금주%', '%여권%', '%면허%', '%주민%', '%등록번호%', '%카드번호%'
        ])
        -- words that need a sign of a value beside them
        OR seen LIKE ANY (ARRAY[
            '%key%', '%token%', '%pass%', '%pw%', '%pin%', '%otp%', '%cvv%', '%cvc%', '%sid%', '%sig%', '% code%', '%y_code%', '%p_code%', '%?%=%', '%&%=%', '%--%', '%-u %', '%-p %', '%account%', '%licen%'
        ])
        AND seen ~ (
            '(?:token(?!s["'']?[ \t]*[:=][ \t]*[0-9])|key)s?(?:[-_. ]?(?:hash|value|text|string|b64|base64|new|old|confirm|[0-9]{1,3}))?(?:[[]|%5b|[\\"''`*]){0,4}[]0-9]{0,3}[ \t]*(?:[:=]|%3d| to )|token[ \t]+[a-z0-9_-]{16}|key[-_]base|(?:token|key)[a-z0-9:_.-]{0,20}(?:>|["''][[:space:]]+value)|(?:token|key)["''][[:space:]]*,'
            '|(?:^|[^a-z])(?:pass|pwd|pw|pin|otp|cv[vc]2?|sid|sig)(?:[^a-z/]|$)'
            '|(?:verification|security|confirmation|one.time|login|2fa|recovery|backup|auth(?:entication)?).code'
            '|[?&](?:amp;)?(?:code|key|auth|hash|state|nonce|policy|ticket|assertion|saml|x-|googleaccessid|awsaccesskeyid|session|hmac|magic|invite|reset)[^=[:space:]]{0,40}='
            '|--?(?:[a-z0-9]+-){0,3}(?:pass|token|api-?key|access-?key|auth)|(?:curl|wget|http|docker|podman|helm) |account.{0,30}[0-9]{3}|licen.{0,30}[0-9]{2}'
        )
        -- prefixes of keys, of which every one is long
        OR seen ~ '[a-z0-9_.=-]{12}' AND (
            seen ~ '[a-z0-9_-]{22}\.[a-z0-9_-]{6}\.|(?:ac|sk)[0-9a-f]{32}'  -- Discord, Twilio
            OR seen LIKE ANY (ARRAY[
                '%sk-%', '%sk\_%', '%pk-%', '%pk\_%', '%rk-%', '%rk\_%', '%ck\_%', '%ghp\_%', '%gho\_%', '%ghs\_%', '%ghu\_%', '%ghr\_%', '%github\_pat%', '%gl%-%', '%xox%', '%xapp-%',
                '%akia%', '%asia%', '%aiza%', '%ya29%', '%gocspx%', '%hf\_%', '%npm\_%', '%sg.%', '%eyj%', '%whsec%', '%pypi-%', '%do_\_v1%', '%shp%\_%',
                '%sq0%', '%key-%', '%-us_%', '%:aa%', '%lin\_api%', '%ntn\_%', '%figd\_%', '%dapi%', '%hv_.%', '%dckr\_%', '%dp.%', '%glsa\_%', '%glc\_%', '%nr__-%', '%atatt%',
                '%pmak-%', '%r8\_%', '%pplx-%', '%xai-%', '%sbp\_%', '%pscale\_%', '%fo1\_%', '%fm2\_%', '%sntry%', '%age-%', '%rubygems\_%', '%hrku-%', '%ccipat%',
                '%atlasv1%', '%lsv2\_%', '%tvly-%', '%kakaoak%', '%md5%'
            ])
            AND seen ~ (
                '(?:^|[^a-z0-9])(?:[prs]k[-_]|gh[opsur]_|github_pat_|gl[a-z]{1,4}[-_]|xox[a-z]|xapp-|a[ks]ia|aiza|ya29|gocspx|hf_|npm_|sg\.|eyj|whsec_|pypi-|do[opr]_v1|shp[a-z]{2}_|sq0'
                '|key-|lin_api|ntn_|figd_|dapi|hv[sbr]\.|dckr_|dp\.|nr[a-z]{2}-|atatt|pmak-|gsk_|r8_|pplx-|xai-|sbp_|pscale_|fo1_|fm2_|sntry|age-|rubygems_|hrku-|ccipat|lsv2_|tvly-|kakaoak|(?:test|live)_)'
                '|[0-9a-f]{8}-us|[0-9]:aa|atlasv1|md5[0-9a-f]'
            )
        )
        -- addresses of machines
        OR seen LIKE '%.%.%.%' AND seen ~ '[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]'
        OR seen LIKE ANY (ARRAY['%:%:%:%', '%::%'])
            AND seen ~ ':[0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{0,4}:|[0-9a-f]::|::[0-9a-f]'
        -- numbers: resident, card, licence, phone; with eight digits at least
        OR seen ~ '(?:[0-9][^0-9]*){8}'
        AND seen ~ (
            '[0-9]{13}|[0-9]{6}[-–—―−‐‑·._/ \t]{1,3}[1-8][0-9]{6}|[0-9]{4}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4,6}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4}'
            '|[0-9]{2}-[0-9]{2}-[0-9]{6}-[0-9]{2}|(?:0[1-8]|82)[-–—―−‐‑·._/0-9() \t]{0,12}[0-9]{3}[-–—―−‐‑·._/ \t]{0,3}[0-9]{4}'
            '|\+[1-9][-. 0-9()]{8}'
        )
        -- another spelling of letters, digits and marks
        OR seen ~ '[\u00a0\u00ad\u1100-\u11ff\u2000-\u200f\u2011\u2060-\u209c\u2460-\u249b\u3000\ufe50-\ufe6b\ufeff\uff10-\uff19\uff1a\uff1d\uff20-\uff3a\uff3f\uff41-\uff5a]';
END
$$
