-- Whether a text may hold anything to mask: a cheap look, so that ordinary rows cost little.  What it passes over is never masked.
-- Words are found with LIKE, which costs a fraction of a regular expression; a list of words waits for a cheaper test that they
-- have in common, and a pattern for the word that needs it.  Called by redact_text, redact_jsonb and redact_log.
CREATE OR REPLACE FUNCTION redact_suspects(p_text text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    seen constant text COLLATE "C" := lower(p_text COLLATE "C");
    numbers constant text :=
        '[0-9]{13}|[0-9]{6}[-–—―−‐‑·._/ \t]{1,3}[1-8][0-9]{6}'
        '|[0-9]{4}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4,6}[-–—―−‐‑·._/ \t]{1,3}[0-9]{4}'
        '|[0-9]{2}-[0-9]{2}-[0-9]{6}-[0-9]{2}|(?:0[1-8]|82)[-–—―−‐‑·._/0-9() \t]{0,12}[0-9]{3}[-–—―−‐‑·._/ \t]{0,3}[0-9]{4}'
        '|\+[1-9][-. 0-9()]{8}';
BEGIN
    RETURN
        -- words and forms that are enough
        seen LIKE ANY (ARRAY[
            '%authorization%', '%bearer%', '%basic %', '%cookie%', '%connect.sid%', '%identified by%', '%mysql%', '%redis-cli%',
            '%private key%', '%pbkdf2%', '%scrypt%', '%scram-%', '%hook%/%', '%/bot%', '%logic.azure%', '%jandi%', '%ifttt%', '%iban%',
            '%rrn%', '%jumin%', '%resident%', '%\%40%', '%hrku-%', '%aws\_s%'
        ])
        -- words that need a sign of a value after them
        OR seen LIKE ANY (ARRAY['%secret%', '%credential%', '%signature%', '%jwt%', '%phrase%', '%pswd%'])
            AND seen ~ '(?:secret|credential|signature|jwt|phrase|pswd)[^\n]*[]=:>"''`%$0-9!@#^*]|secret_[a-z]{32}'
        OR seen LIKE '%pass%' AND (
            seen ~ 'pass(?:-?w|code)[^\n]*[]=:>"''`%$0-9!@#^*]'
            OR seen LIKE ANY (ARRAY['%passport%', '%sshpass%'])
            OR seen ~ '(?:^|[^a-z])pass(?:[^a-z/]|$|again|check|conf|curr|hash|new|old|text|val)|-pass'
        )
        OR seen LIKE '%sess%' AND seen LIKE ANY (ARRAY['%sessid%', '%session_id%', '%sessionid%'])
        OR seen LIKE '%card%' AND seen ~ 'card[-_. ]?n'
        OR seen LIKE '%$%' AND seen ~ '\$(?:2[abxy]\$|[1567]\$|g?y\$|argon2)'
        OR seen LIKE '%@%' AND (seen LIKE ANY (ARRAY['%_@_%.%', '%://%@%']))
        -- Korean words
        OR seen ~ '[비패암]' AND seen LIKE ANY (ARRAY['%비밀%', '%비번%', '%패스워드%', '%패스프%', '%암호%'])
            AND seen ~ '(?:비밀|비번|패스워드|패스프|암호)[^\n]*(?:[]=:>"''`%]|[!-~]{4})'
        OR seen ~ '[계금농등면뱅보송수시신예우여은인일입주카토핀확외]' AND seen LIKE ANY (ARRAY[
            '%시크릿%', '%토큰%', '%보안키%', '%보안 키%', '%보안코드%', '%보안 코드%', '%보안번호%', '%보안 번호%', '%인증키%', '%인증 키%',
            '%인증번호%', '%인증 번호%', '%인증코드%', '%인증 코드%', '%확인번호%', '%확인 번호%', '%확인코드%', '%확인 코드%', '%일회용%',
            '%핀번호%', '%핀 번호%', '%계좌%', '%입금%', '%송금%', '%은행%', '%뱅크%', '%농협%', '%수협%', '%신협%', '%우체국%', '%금고%',
            '%예금주%', '%여권%', '%면허%', '%주민%', '%외국인%', '%등록번호%', '%카드번호%', '%카드 번호%'
        ])
        -- words that need such a sign close by
        OR seen LIKE ANY (ARRAY['%key%', '%token%'])
            AND seen ~ (
                'key|token(?:[^s]|s(?:["'']?[ \t]*[:=][ \t]*(?:[^0-9 \t]|[0-9][0-9.,]*[a-z])|[^"'':= \t\n.,)]| to '
                '|[ .][a-z0-9]{2,12}[\\"'' \t]*[:=]))'
            )
            AND seen ~ (
                '(?:token(?!s["'']?[ \t]*[:=][ \t]*\[?[0-9][0-9.,]*(?![0-9a-z]))|key)s?'
                '(?:[-_. ]?(?:[0-9]{1,3}|again|answer|b64|base64|check|confirm(?:ation|ed)?|current|hash|new|old|plain|raw|repeat|retype'
                '|string|text|value|변경|재설정|확인)s?)*'
                '(?:[[]|%5b|[\\"''`*]){0,4}[]0-9]{0,3}[ \t]*(?:[:=]|%3d| to )'
                '|token[ \t]+[a-z0-9_-]{16}|key[-_]base|(?:token|key)[a-z0-9:_.-]{0,20}(?:>|["''][[:space:]]+value)'
                '|(?:token|key)["''][[:space:]]*,|-(?:token|key)'
            )
        OR seen LIKE ANY (ARRAY['%pw%', '%pin%', '%otp%', '%cvv%', '%cvc%', '%sid%', '%sig%'])
            AND seen ~ '(?:pw|pin|otp|cv[vc]|sid|sig)(?:[abcdhnoprstv]|[^a-z/]|$)'
            AND seen ~ (
                '(?:^|[^a-z])(?:pwd?|pin|otp|cv[vc]2?|sid|sig)'
                '(?:[^a-z/]|$|s[^a-z]|again|base|b64|check|conf|curr|hash|new|old|plain|raw|repe|rety|stri|text|val)|otp[^a-z]'
            )
        OR seen LIKE '%code%'
            AND seen ~ '(?:verification|security|confirmation|one.time|login|2fa|recovery|backup|auth(?:entication)?).code'
        OR seen LIKE ANY (ARRAY['%?%=%', '%&%=%']) AND seen ~ (
            '[?&](?:amp;)?(?:code|key|auth|hash|state|nonce|policy|ticket|assertion|saml|x-|googleaccessid|awsaccesskeyid|session|hmac'
            '|magic|invite|reset)[^=[:space:]]{0,40}='
        )
        OR seen LIKE ANY (ARRAY['%--%', '%-u %', '%-p %', '%-auth%'])
            AND seen ~ '--?(?:[a-z0-9]+-){0,3}(?:pass|token|api-?key|access-?key|auth)|(?:curl|wget|http|docker|podman|helm) '
        OR seen LIKE '%account%' AND seen ~ 'account(?:.{0,30}[0-9]{3}|[-_. ]?n)'
        OR seen LIKE '%licen%' AND seen ~ 'licen[cs]e(?:.{0,30}[0-9]{2}|[-_. ]?n)|dr[a-z'']{3,8}[-_. ]?licen'
        -- prefixes of keys: short ones, and those of which every one is long
        OR seen LIKE ANY (ARRAY[
            '%sk-%', '%sk\_%', '%pk-%', '%pk\_%', '%rk-%', '%rk\_%', '%xox_-%', '%xox_.%', '%xapp-%', '%eyj%', '%-us_%', '%:aa%',
            '%kakaoak%'
        ])
            AND seen ~ '(?:^|[^a-z0-9])(?:(?:(?:test|live)_)?g?[csprw]k[-_]|xox[a-z]|xapp-|eyj|kakaoak)|[0-9a-f]{8}-us|[0-9]:aa'
        OR seen LIKE ANY (ARRAY['%ac%', '%sk%']) AND seen ~ '(?:ac|sk)[0-9a-f]{32}'
        OR seen ~ '[g-z_][a-z0-9_.-]{16}' AND (
            seen LIKE '%.______.%' AND seen ~ '[a-z0-9_-]{22}\.[a-z0-9_-]{6}\.'
            OR seen LIKE ANY (ARRAY[
                '%gh_\_%', '%github\_pat%', '%gl%t-%', '%akia%', '%asia%', '%aiza%', '%ya29%', '%gocspx%', '%hf\_%', '%npm\_%', '%sg.%',
                '%whsec%', '%pypi-%', '%do_\_v1%', '%shp__\_%', '%sq0%', '%key-%', '%lin\_api%', '%ntn\_%', '%figd\_%', '%dapi%', '%hv_.%',
                '%dckr\_%', '%dp.__.%', '%glsa\_%', '%glc\_%', '%nr__-%', '%atatt%', '%pmak-%', '%r8\_%', '%pplx-%', '%xai-%', '%sbp\_%',
                '%pscale\_%', '%fo1\_%', '%fm2\_%', '%sntry%', '%age-%', '%rubygems\_%', '%ccipat%', '%atlasv1%', '%lsv2\_%', '%tvly-%',
                '%md5%'
            ])
            AND seen ~ (
                '(?:^|[^a-z0-9])(?:gh[opsur]_|github_pat_|gl[a-z]{1,5}[-_]|a[ks]ia|aiza|ya29|gocspx|hf_|npm_|sg\.|whsec_|pypi-|do[opr]_v1'
                '|shp[a-z]{2}_|sq0|key-|lin_api|ntn_|figd_|dapi|hv[sbr]\.|dckr_|dp\.|nr[a-z]{2}-|atatt|pmak-|r8_|pplx-|xai-|sbp_|pscale_'
                '|fo1_|fm2_|sntry|age-|rubygems_|ccipat|lsv2_|tvly-)|atlasv1|md5[0-9a-f]{32}'
            )
        )
        -- addresses of machines
        OR seen LIKE '%.%.%.%' AND seen ~ '[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]'
        OR seen LIKE ANY (ARRAY['%:%:%:%', '%::%'])
            AND seen ~ ':[0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{0,4}:|[0-9a-f]::|::[0-9a-f]'
        -- numbers: resident, card, licence, phone.  Uuids, which most rows have, are none.
        OR seen ~ '[0-9]{10}|[-–—―−‐‑·._/0-9() \t+]{11}' AND seen ~ numbers AND (
            seen NOT LIKE '%-%-%-%-%'
            OR regexp_replace(seen, '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '#', 'g') ~ numbers
        )
        -- another spelling of letters, digits and marks
        OR seen ~ (
            '[\u00a0\u00ad\u1100-\u11ff\u2000-\u200f\u2011\u2060-\u209c\u2460-\u249b\u3000'
            '\ufe50-\ufe6b\ufeff\uff10-\uff19\uff1a\uff1d\uff20-\uff3a\uff3f\uff41-\uff5a]'
        );
END
$$
