-- Masks secrets: keys and tokens that are known by their form, what stands after a word that names a secret, credentials in
-- headers, URLs, SQL and shell commands; and IP addresses.  Called by redact_text.
-- A rule runs only if its words are there: PostgreSQL keeps 32 compiled patterns, and compiles any other one again.
-- No lookbehind: it reads from the start of the text again at each match, which is quadratic.  What stands before a match is
-- captured and put back (\1).  A value that is masked already is left alone.
CREATE OR REPLACE FUNCTION redact_secrets(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    masked text COLLATE "C" := p_text;
    seen constant text COLLATE "C" := lower(p_text COLLATE "C");
    -- Words that name a secret, wherever they stand in a key, and the words that may follow them in it.
    named constant text :=
        '(?:pass-?word|passwd|passw|pass[-_ ]?phrase|passcode|pswd|비밀 ?번호|비번|패스워드|패스프레이즈|암호(?!화)|시크릿|토큰'
        '|보안 ?키|인증 ?키|비밀 ?키|(?:api|access|secret|private|encrypt(?:ion)?|signing|shared|account|master|service|client|auth'
        '|license|sas|fernet|hmac|jwt)[-_. ]?key|secret|credential'
        '|token(?!s["'']?[ \t]*[:=][ \t]*\[?[0-9][0-9.,]*(?![0-9A-Za-z]))|jwt|signature|session[-_. ]?id|sessid|sessionid|connect\.sid'
        '|(?:security|recovery|backup)[-_ ]?code'
        '|(?:^|[^a-z])(?:pass|pwd|pw|pin|otp|cvv2?|cvc2?|sid|sig|apikey|authkey)(?!["'']?[ \t]*[:=][ \t]*["'']?[~/]))'
        '(?:s|[-_. ]?(?:base|answer|변경|재설정|confirm(?:ation|ed)?|again|repeat|retype|check|new|old|current|hash|value|plain|raw'
        '|text|string|base64|b64|확인|[0-9]{1,3}))*';
    -- Between the word and its value: ' = ', '": ', '\": ', '[]=', ' => ', '%3D'.
    sep constant text :=
        '(?:\]|%5D|\[[^][:space:]]*\]|%5B[^%[:space:]]*%5D)?[\\"''`*]{0,3}[ \t]*(?:=>|:=|=(?!=)|%3D'
        '|:(?![:/])(?=[ \t]*(?:[^[:space:]]{3}|["''`]))(?![ \t]*[가-힣]+(?:[[:space:].,!?)]|$))|[ \t]to[ \t](?=[ \t]*''))[ \t]*';
    -- Words that say something about a secret instead of being one.
    said constant text :=
        '(?!["''`\\]{0,3}\[secret\]|[a-z][a-z0-9-]*[ \t]+\[secret\]'
        '|(?:expired|expires|invalid|missing|required|requires|not|is|must|was|are|has|null|none|nil|true|false|undefined'
        '|empty|too|and|or|the|failed|failure|failing|mismatch|incorrect|wrong|changed|updated|reset|expected|unexpected|authentication'
        '|authorization|auth|scheme|realm|token|tokens|credentials?|header|error|denied|unknown|enabled|disabled|valid|ok|rotation'
        '|rotated|string|str|optional|accepted|rejected|received|refreshed|revoked|issued|of|for|in|to|from)(?![a-z0-9_@$#%^&*!]))';
    -- A value without quotes: up to a blank, or a mark that ends it.
    bare constant text :=
        '(?:[^][:space:]&;,"''`<>(){}[|\\]|&(?![A-Za-z_][-A-Za-z0-9_.%]*=|amp;)|[;,](?![[:space:]"'']|$|[A-Za-z_][-A-Za-z0-9_.]*[=:])'
        '|["''`)\]}>](?![[:space:],;:.)\]}>"''`\\&]|$)|[(<{[|]|\\(?!["''nrt]))+';
BEGIN
    -- Private keys in PEM, with line ends or with \n written out.
    IF seen LIKE '%private key%' THEN
        masked := regexp_replace(
            masked,
            '-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=:,.[:space:]]|\\+[nr]|-(?!-))*(?:-----END [A-Z0-9 ]*-----)?',
            '[secret]', 'g'
        );
    END IF;

    -- Keys and tokens by their published prefixes; case matters.
    IF seen ~ '[a-z0-9_.-]{11}|kakaoak' THEN
        masked := regexp_replace(
            masked,
            '(^|[^A-Za-z0-9])(?:'
            'sk[-_](?=[A-Za-z0-9_-]{8})[A-Za-z_-]{0,40}[0-9][A-Za-z_-]{0,40}[0-9][A-Za-z0-9_-]*'
            '|[pr]k[-_](?:live|test)[-_][A-Za-z0-9_-]{8,}|(?:xox[a-z][-.]|xapp-)[A-Za-z0-9.-]{8,}'
            '|A[KS]IA[A-Z0-9]{16}|(?:key-|dapi|SK|AC)[0-9a-f]{32}|[0-9a-f]{32}-us[0-9]{1,2}'
            -- letters and digits: Anthropic, Stripe, Toss Payments, GitHub, Hugging Face, npm, RubyGems, DigitalOcean, Shopify,
            -- Linear, Notion, Groq, Replicate, Perplexity, xAI, Supabase, age, Kakao
            '|(?:(?:[prs]k|whsec)[-_](?:(?:live|test|proj|ant)[-_])?|(?:test|live)_g?[cs]k_|gh[opsur]_|hf_|npm_|rubygems_|do[opr]_v1_'
            '|shp(?:at|ss|ca|pa)_|lin_api_|ntn_|secret_|gsk_|r8_|pplx-|xai-|sbp_|AGE-SECRET-KEY-1|KakaoAK )[A-Za-z0-9]{16,}'
            -- marks too: GitHub, GitLab, Google, PyPI, Docker, SendGrid, Square, Telegram, Discord, Figma, Vault, Doppler, Grafana,
            -- New Relic, Atlassian, Postman, LangSmith, Tavily, Supabase, PlanetScale, Fly, Sentry, Heroku, CircleCI, Terraform
            '|(?:github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-|AIza|ya29\.|GOCSPX-|pypi-|dckr_(?:pat|oat)_|SG\.|sq0[a-z]{3}-'
            '|[0-9]{8,10}:AA|[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.|figd_|hv[sbr]\.|dp\.(?:pt|st|ct|sa)\.|gl(?:sa|c)_'
            '|NR[A-Z]{2}-|ATATT3|PMAK-|lsv2_(?:pt|sk)_|tvly-|sb_secret_|pscale_(?:tkn|pw)_|(?:fo1|fm2)_|sntry[su]_|HRKU-|CCIPAT_'
            '|[A-Za-z0-9]{14}\.atlasv1\.)[A-Za-z0-9_=+/.-]{15,}[A-Za-z0-9_=+/-]'
            ')'
            -- JSON web tokens
            '|(^|[^A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}',
            '\1\2[secret]', 'g'
        );
    END IF;

    -- Password hashes: bcrypt, argon2, crypt, PBKDF2, scrypt, SCRAM, md5 of PostgreSQL.
    IF seen LIKE ANY (ARRAY['%$%', '%pbkdf2%', '%scrypt%', '%scram%', '%md5%']) THEN
        masked := regexp_replace(
            masked,
            '\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{22,}|\$argon2[a-z]{1,2}\$[A-Za-z0-9+/=$,_.-]{16,}|\$(?:[1567]|y|gy)\$[./A-Za-z0-9$=]{16,}'
            '|(?:pbkdf2|scrypt|scram)[-_a-z0-9]{0,24}[$:][A-Za-z0-9+/=$:.-]{16,}|md5[0-9a-f]{32}(?![0-9a-f])',
            '[secret]', 'gi'
        );
    END IF;

    IF seen LIKE '%://%' THEN
        -- Webhooks: whoever has the address may post.
        IF seen LIKE ANY (ARRAY['%hook%', '%/bot%', '%logic.azure%', '%jandi%', '%ifttt%']) THEN
            masked := regexp_replace(
                masked,
                '(://(?:hooks?\.[a-z0-9.-]+|[a-z0-9.-]*webhook\.office\.com|outlook\.office(?:365)?\.com/webhook'
                '|(?:[a-z]+\.)?discord(?:app)?\.com/api(?:/v[0-9]+)?/webhooks|wh\.jandi\.com|maker\.ifttt\.com'
                '|[a-z0-9.-]*logic\.azure\.com(?::443)?|api\.telegram\.org|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot'
                '|[a-z0-9.-]+(?::[0-9]+)?/(?:[a-z0-9_.-]+/){0,3}(?:web)?hooks?)/)(?![a-z]+(?:[[:space:]"'']|$))'
                '(?:[^][:space:]:"''`<>)}[]|:(?!//)){8,}(?=[][:space:]"''`<>)}]|:|$)',
                '\1[secret]', 'gi'
            );
        END IF;

        -- The password in a URL, or a long user name without one.
        IF seen LIKE '%://%@%' THEN
            masked := regexp_replace(
                masked,
                '(://[^][/:@"''[:space:]]*:)(?!\[secret\]@)[^/"''[:space:]]+@|(://)[A-Za-z0-9_.~%-]{16,}(?::x-oauth-basic)?@',
                '\1\2[secret]@', 'g'
            );
        END IF;
    END IF;

    -- Authorization headers, also as pairs of strings.  Schemes with parameters lose the rest of the line.
    IF seen LIKE ANY (ARRAY['%authorization%', '%bearer%', '%basic%']) THEN
        masked := regexp_replace(
            masked,
            '((?:^|[^a-z0-9])(?:authorization["''\\]{0,3}[ \t]*[:=,][ \t]*[\\"'']{0,3})?'
            '(?:digest|hawk|oauth|signature|aws4-[a-z0-9-]{1,24})[ \t]+)'
            '(?=(?:username|id|oauth_|keyid|credential|realm)[a-z_]*=)[^\n\r]+'
            '|((?:^|[^a-z0-9])(?:bearer(?:[ \t]+|%20)' || said || '(?=[a-z0-9._~+/=-]{8})'
            '|basic[ \t]+(?=[a-z+/]*[0-9=])(?=[a-z0-9+/]{8})'
            '|authorization["''\\]{0,3}[ \t]*[:=,][ \t]*[\\"'']{0,3}(?:' || said
            || '|(?:bearer|basic|token|key|api-?key|jwt|negotiate|ntlm|ssws|kakaoak)[ \t]+' || said
            || '|[a-z][a-z0-9-]*[ \t]+(?=[^[:space:]]*[0-9]))(?=[a-z0-9._~+/=:-]{6})))[^][:space:]"''`,;&<>()\\]+',
            '\1\2[secret]', 'gi'
        );
    END IF;

    -- Cookies, all of them.
    IF seen LIKE '%cookie%' THEN
        masked := regexp_replace(
            masked,
            '(cookies["'']?[ \t]*[:=][ \t]*)\{[^{}\n]*\}|(cookie2?["''\\]{0,3}[ \t]*[:=,][ \t]*[\\"'']{0,3})(?!\[secret\])'
            '[^]=;:,["''\\[:space:]]{1,200}=(?:"[^"\n]*"|[^;"''\\[:space:]]*)'
            '(?:;[ \t]*[^=;"''\\[:space:]]+(?:=(?:"[^"\n]*"|[^;"''\\[:space:]]*))?)*',
            '\1\2[secret]', 'gi'
        );
    END IF;

    IF seen LIKE ANY (ARRAY[
        '%pass%', '%pswd%', '%pw%', '%secret%', '%key%', '%token%', '%credential%', '%jwt%', '%cookie%', '%authorization%', '%signature%',
        '%sess%', '%sid%', '%sig%', '%code%', '%pin%', '%otp%', '%cv%', '%비밀%', '%비번%', '%패스%', '%암호%', '%시크릿%', '%토큰%',
        '%보안%', '%인증%'
    ]) THEN
        -- Headers and fields as pairs: ("X-Api-Key", "…"), name: "X-Api-Key", value: "…".
        IF seen LIKE ANY (ARRAY['%"%,%', '%''%,%', '%value%']) THEN
            masked := regexp_replace(
                masked,
                '(["''](?:[a-z0-9_.-]*(?:token|secret|api[-_]?key|cookie|authorization|passw(?:or)?d|signature)|비밀번호)["'']'
                '(?:[[:space:]]*,[[:space:]]*(?:["'']?value["'']?[[:space:]]*:[[:space:]]*)?b?|[[:space:]]+value=)["''])'
                '(?!\[secret\]|value["''])[^"''\n]+',
                '\1[secret]', 'gi'
            );
        END IF;

        -- A list, or the text of an element, after a word that names a secret.
        IF seen LIKE '%[%]%' THEN
            masked := regexp_replace(masked, '(' || named || sep || ')(?!\[secret\])\[[^][\n]*\]', '\1[secret]', 'gi');
        END IF;
        IF seen LIKE '%</%' THEN
            masked := regexp_replace(
                masked,
                '(<[a-z0-9:_.-]*(?:passw(?:or)?d|secret|token|api-?key|비밀번호)[a-z0-9:_.-]*>)(?!\[secret\])[^<>]+', '\1[secret]', 'gi'
            );
        END IF;

        -- A value in quotes after a word that names a secret; the quotes stay.
        IF seen LIKE ANY (ARRAY['%"%', '%''%', '%`%']) THEN
            masked := regexp_replace(
                masked,
                '(' || named || sep || ')[brun]{0,2}(?:(\\+")(?!\[secret\])(?:[^"\\]|\\+[^"\\])*\\+"|(")(?!\[secret\]")(?:[^"\\]|\\.)+"'
                '|('')(?!\[secret\]'')(?:[^''\\]|\\.|'''')+''|(`)(?!\[secret\]`)[^`]+`)',
                '\1\2\3\4\5[secret]\2\3\4\5', 'gi'
            );
        END IF;

        -- A value without quotes after such a word.
        IF seen LIKE ANY (ARRAY['%:%', '%=%', '%\%3d%']) THEN
            masked := regexp_replace(masked, '(' || named || sep || ')' || said || bare, '\1[secret]', 'gi');
        END IF;
    END IF;

    -- Values of a query that only a URL gives these names.
    IF seen LIKE ANY (ARRAY['%?%=%', '%&%=%', '%;%=%']) THEN
        masked := regexp_replace(
            masked,
            '([?&;](?:amp;)?(?:code|key|auth|hash|state|nonce|policy|ticket|assertion|saml(?:response|request)'
            '|x-(?:amz|goog)-(?:credential|signature|security-token)|googleaccessid|awsaccesskeyid|key-pair-id|session|samlart|hmac|magic'
            '|invite|reset)(?:\[[^][:space:]]*\]|%5B[^%[:space:]]*%5D)?=)(?!\[secret\])[^][:space:]&;"''<>(){}\\]{4,}',
            '\1[secret]', 'gi'
        );
    END IF;

    -- SQL: PASSWORD 'x', IDENTIFIED BY 'x'.
    IF seen LIKE ANY (ARRAY['%password%', '%identified%']) THEN
        masked := regexp_replace(
            masked,
            '((?:password|identified[ \t]+by(?:[ \t]+password)?|password[ \t]+for[ \t]+[^ =]{1,60}[ \t]*=)[ \t]*[(e]?[ \t]*)'
            '(?:''(?!\[secret\]'')(?:[^'']|'''')+''|"(?!\[secret\]")[^"]+"|\$([a-z_]*)\$[^$]+\$[a-z_]*\$)',
            '\1[secret]', 'gi'
        );
    END IF;

    -- Shell: --password x, sshpass -p x, curl -u user:x, mysql -px.
    IF seen LIKE ANY (ARRAY[
        '%-pass%', '%-token%', '%-secret%', '%-api%', '%-access%', '%-auth%', '%-%-key%', '% -u%', '% --user%', '%-p%', '%-a %', '%aws\_s%'
    ]) THEN
        masked := regexp_replace(
            masked,
            '(--?(?:[a-z0-9]+-){0,3}(?:password|passwd|pass|passphrase|token|secret|api-?key|access-?key|secret-?key|auth)[ \t]+'
            '|sshpass[ \t]+-p[ \t]*|(?:curl|wget|http)[^\n|;]{0,40}[ \t](?:-u|--user)[ \t=]+["'']?[^:"''[:space:]]+:'
            '|mysql[a-z]*[^\n|;]{0,40}[ \t]-p(?=[^[:space:]])|redis-cli[^\n|;]{0,40}[ \t]-a[ \t]+'
            '|(?:docker|podman|helm)[ \t]+(?:registry[ \t]+)?login[^\n|;]{0,40}[ \t]-p[ \t]+|aws_(?:secret_access_key|session_token)[ \t]+)'
            '(?!-|\[secret\])(?:"[^"\n]*"|''[^''\n]*''|[^"''[:space:]]+)',
            '\1[secret]', 'gi'
        );
    END IF;

    -- Prose: 비밀번호는 X, password is X, where X has a digit or a mark.
    IF seen LIKE ANY (ARRAY['%비밀%', '%비번%', '%패스워드%', '%암호%', '%pass%', '%pin%', '%pw%', '%token%']) THEN
        masked := regexp_replace(
            masked,
            '((?:비밀 ?번호|비번|패스워드|암호|(?:^|[^a-z])(?:pw|pin))(?:는|은|가|이)?[ \t]+'
            '|(?:password|passcode|passphrase|pin)[ \t]+(?:is|was|to)[ \t]+["''`]?)'
            '(?![!-~]+ ?(?:자|글자|개|회|번|일|분|초|시간|bytes?|char|글))'
            '(?!(?:bcrypt|sha|argon|md5|aes|pbkdf|scrypt|utf|http|v[0-9]|[0-9.]+(?:/|$| ))[-0-9a-z]*)'
            '(?=[!-~]*[0-9!@#$%^*])(?!\[secret\])[^][:space:]"''`,;(){}가-힣]{4,}'
            '|((?:비밀 ?번호|비번|패스워드|암호)(?:는|은|가|이)[ \t]+)(?:"(?!\[)[^"\n]{4,}"|''(?!\[)[^''\n]{4,}'')'
            '|((?:^|[^a-z])token[ \t]+)(?=[a-z_-]*[0-9])[a-z0-9_-]{16,}',
            '\1\2\3[secret]', 'gi'
        );
    END IF;

    -- One-time codes: 인증번호 123456, verification code: 123456.
    IF seen LIKE ANY (ARRAY[
        '%인증%', '%확인%', '%보안%', '%일회용%', '%핀%', '%otp%', '%pin%', '%cvv%', '%cvc%', '%code%', '%one-time%', '%one time%'
    ]) THEN
        masked := regexp_replace(
            masked,
            '((?:(?:인증|확인|보안) ?(?:번호|코드)|일회용 ?(?:비밀)?번호|핀 ?번호|otp(?![a-z])'
            '|(?:verification|security|confirmation|one[- ]time|2fa|login|auth(?:entication)?)[- ]?(?:code|passcode|password))'
            '[^0-9A-Za-z\n\[]{0,3}(?:is[ \t]+|\[)?[^0-9A-Za-z\n\[]{0,3})'
            '(?:(?=[a-z]{0,7}[0-9])[a-z0-9]{4,8}|[0-9]{3}[- ][0-9]{3})(?![0-9a-z])(?! ?[자원개회분초])'
            '|(\[)[0-9]{4,8}(?=\][^0-9\n]{0,12}(?:인증|확인) ?(?:번호|코드))'
            '|((?:^|[^a-z])(?:cv[vc]2?|(?:pin|passcode)(?:[ \t](?:code|number|no\.?))?(?:[ \t]is)?)[ \t]+)(?:[0-9]{3,8})(?![0-9a-z가-힣])',
            '\1\2\3[secret]', 'gi'
        );
    END IF;

    -- IP addresses.  Loopback stays, and a private one with a port, which is a server's.
    IF seen LIKE '%.%.%.%' AND seen ~ '[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]' THEN
        -- A version is no address: a control character stands in the way, and goes at the end.
        IF seen LIKE ANY (ARRAY['%ver%', '%rev%', '%release%', '%build%', '%firmware%', '%버전%']) THEN
            masked := regexp_replace(
                masked,
                '((?:semver|version|ver|rev|revision|release|build|firmware|버전)[ \t]*[:=]?[ \t"'']*)(?=[0-9])', '\1' || chr(1), 'gi'
            );
        END IF;
        masked := regexp_replace(
            masked,
            '((?:^|[^0-9A-Za-z./' || chr(1) || '-]|(?:^|[^0-9A-Za-z])/|//|[^0-9.]\.|[^0-9A-Za-z]-))'
            '(?!127\.|0\.0\.0\.0|255\.255\.|(?:10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.)[0-9.]+:[0-9])'
            '(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?![0-9A-Za-z]|\.[0-9]|-[0-9a-z])',
            '\1[IP]', 'g'
        );
    END IF;
    IF seen LIKE ANY (ARRAY['%:%:%:%', '%::%']) THEN
        masked := regexp_replace(
            masked,
            '(^|[^0-9A-Za-z:.])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?=[0-9a-f]{0,3}[0-9])(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}'
            '|(?=[0-9a-f]{0,3}[0-9])(?:[0-9a-f]{1,4}:){2,7}:)(?![0-9A-Za-z:.])',
            '\1[IP]', 'gi'
        );
    END IF;
    RETURN translate(masked, chr(1), '');
END
$$
