-- Masks Korean resident numbers and phones, bearer and provider tokens (sk-, ghp_, xoxb-, AKIA ...), JSON web tokens, private
-- keys, passwords in URLs and key=value pairs, bcrypt hashes.  Called by redact_jsonb, redact_log, guardrail_matches.  Boundaries are
-- lookarounds, not \m: a Hangul letter is a word character.  They are slow, so two wider patterns look first.  COLLATE "C": the
-- same in every database.  Neither SET search_path (it names pg_catalog only) nor STRICT (CASE is not): both forbid inlining.
CREATE OR REPLACE FUNCTION redact_text(p_text text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN p_text COLLATE "C" !~ (
                '[0-9]{6}[-–—―−‐‑－·. \t\u00a0\u3000]{0,3}[0-9]{7}'
                '|(?:0[1-8]|82)[-0-9–—―−‐‑－·./() \t\u00a0\u3000]{0,12}[0-9]{3}[-–—―−‐‑－·./ \t\u00a0\u3000]{0,3}[0-9]{4}'
            )
            AND p_text COLLATE "C" !~* (
                'bearer[ \t]|authorization[ \t]*[:=]|://[^/[:space:]]*@|(?:passw(?:or)?d|pwd|passphrase|비밀번호|패스워드|secret|key|token|cookie)["'']?[ \t]*[:=]'
                '|(?:^|[^a-z0-9])(?:[prs]k[-_]|gh[opsur]_|github_pat_|glpat-|xox[a-z]-|xapp-|a[ks]ia|aiza|ya29|hf_|npm_|sg\.|eyj)'
                '|\$2[abxy]\$|private key'
            )
        THEN p_text
        ELSE
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(
                            p_text COLLATE "C",
                            -- Resident numbers.  Written without a separator the first half must be a date: milliseconds have 13 digits too.
                            '(?<![0-9])'
                            '(?:[0-9]{6}[-–—―−‐‑－·. \t\u00a0\u3000]{1,3}'
                            '|[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))'
                            '[1-8][0-9]{6}(?![0-9])',
                            '[주민번호]', 'g'
                        ),
                        -- Phones: mobile, +82, landline.  The lookarounds around the alternatives leave uuids and decimals alone.
                        '(?<![0-9])(?<!-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{0,11})(?<!(?:^|[^0-9])0\.)'
                        '(?:'
                        '(?:\(01[016789]\)|01[016789])[-–—―−‐‑－·./) \t\u00a0\u3000]{0,3}[0-9]{3,4}[-–—―−‐‑－·./ \t\u00a0\u3000]{0,3}[0-9]{4}'
                        '|(?:\+|00)?82[-–—―−‐‑－·. \t\u00a0\u3000]{0,3}(?:\(?0\)?)?1[016789]'
                        '[-–—―−‐‑－·. \t\u00a0\u3000]{0,3}[0-9]{3,4}[-–—―−‐‑－·. \t\u00a0\u3000]{0,3}[0-9]{4}'
                        '|(?:\+|00)82[-–—―−‐‑－·. \t\u00a0\u3000]{0,3}(?:\(?0\)?)?(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70)'
                        '[-–—―−‐‑－·.) \t\u00a0\u3000]{0,3}[0-9]{3,4}[-–—―−‐‑－·. \t\u00a0\u3000]{0,3}[0-9]{4}'
                        '|(?<![0-9][-./:])'
                        '(?:\(0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50[2-8])\)[-–—―−‐‑－·. \t\u00a0\u3000]{0,3}'
                        '|0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50[2-8])[-–—―−‐‑－·.) \t\u00a0\u3000]{1,3})'
                        '[0-9]{3,4}[-–—―−‐‑－·. \t\u00a0\u3000]{1,3}[0-9]{4}'
                        ')'
                        '(?![0-9])(?!-[0-9A-Fa-f]{4}-[0-9A-Fa-f])(?!-[0-9A-Fa-f]{12})',
                        '[전화]', 'g'
                    ),
                    -- Tokens that are known by how they look; case matters.
                    '(?<![A-Za-z0-9])(?:'
                    'sk[-_][A-Za-z0-9_-]{8,}|[pr]k[-_](?:live|test)[-_][A-Za-z0-9_-]{8,}'
                    '|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}'
                    '|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}'
                    '|A[KS]IA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{16,}'
                    '|hf_[A-Za-z0-9]{16,}|npm_[A-Za-z0-9]{16,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}'
                    '|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*'
                    ')'
                    '|\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{22,}'
                    '|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=[:space:]]*(?:-----END [A-Z ]*PRIVATE KEY-----)?',
                    '[secret]', 'g'
                ),
                -- Secrets that are known by what stands before them, which is kept; any case.
                '((?<![a-z0-9])(?:bearer[ \t]+|authorization[ \t]*[:=][ \t]*(?:[a-z]+[ \t]+)?)(?=[a-z0-9._~+/=-]{8})'
                '|://[^][/:@"''[:space:]]*:(?=[^][/@"''[:space:]]+@)'
                '|(?<![a-z0-9])(?:passw(?:or)?d|pwd|passphrase|비밀번호|패스워드|(?:client_?)?secret|(?:api|access|secret|private)[-_]?key|(?:access|refresh|auth|id)?[-_]?token)'
                '(?:=|["'']?[ \t]*[:=][ \t]*["'']?(?=[!-~]{6}))'
                '|(?<![a-z0-9])cookie[ \t]*[:=][ \t]*[^=;[:space:]]*=)'
                '[^]["''`,;&<>()@[:space:]]+',
                '\1[secret]', 'gi'
            )
    END
