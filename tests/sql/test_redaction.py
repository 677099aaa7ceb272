import json

import pytest
from psycopg.types.json import Jsonb
from rows import BCRYPT, insert
from sqlalchemy import text

SECRETS = [
    "비밀번호: abc123def",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI",
    "secret_key=abcdefgh",
    "x-api-key: abcdef123456",
    "password: hunter2hunter2",
    '{"password": "hunter2hunter2"}',
    "Cookie: session=abcdef123456",
    "900101-1234567",
    "9001011234567",
    "900101 1234567",
    "900101 - 1234567",
    "900101\N{EN DASH}8234567",
    "번호900101-1234567입니다",
    "123456-1234567",
    "01012345678",
    "010-1234-5678",
    "010 1234 5678",
    "010.1234.5678",
    "(010) 1234-5678",
    "011-123-4567",
    "호01012345678로",
    "1.010-1234-5678",
    "+82 10-1234-5678",
    "+821012345678",
    "821012345678",
    "+82 (0)10 1234 5678",
    "0082-10-1234-5678",
    "+82-2-123-4567",
    "02-123-4567",
    "02) 1234-5678",
    "(02)1234-5678",
    "전화031-123-4567번",
    "070-1234-5678",
    "0505-123-4567",
    "Bearer abcdefghijklmnop",
    "authorization: BEARER abc.def-ghi_jkl",
    "Authorization: Basic dXNlcjpwYXNzd29yZA==",
    "키sk-proj-abcdefgh1234",
    "sk_live_abcdefgh1234",
    "pk_live_abcdefgh1234",
    "ghp_abcdefghijklmnop1234",
    "xoxb-123456789-abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "postgresql://app:hunter2@db/app",
    "https://x.kr/?a=1&access_token=abc123",
    "password=hunter2",
    BCRYPT,
]
CLEAN = [
    "",
    "1234567",
    "1,234,567원",
    "1795324800000",
    "2026-11-22T04:19:49.123456+09:00",
    "2026-02-01 1200 2000",
    "0192f0a1-0010-7234-9567-a01012345678",
    "ab12c010-1234-4678-9abc-0123456789ab",
    "0.01012345678",
    "192.168.10.12:5432",
    "task-1234567890",
    "risk-assessment",
    "pk_chat_rooms",
    "SELECT count(*) FROM messages WHERE input_tokens=123456",
    "bearer of news",
    "010-1234",
    "4111111111111112",
    "http://localhost:5432/path@x",
    "입력 12345678901234567890",
]


def redacted(connection, value):
    return connection.scalar(text("SELECT redact_text(:value)"), {"value": value})


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_masked(connection, secret):
    for shown in (secret, f"값:{secret}", f"앞 {secret} 뒤", f"앞{secret},"):
        masked = redacted(connection, shown)
        assert "[" in masked
        assert not any(part in masked for part in ("1234567", "123-4567", "5678", "hunter2", "abc", "IOSFODNN", "aaaa", "dXNl"))
        assert redacted(connection, masked) == masked


@pytest.mark.parametrize("clean", CLEAN)
def test_other_text_survives(connection, clean):
    assert redacted(connection, clean) == clean


def test_what_stands_around_a_secret_survives(connection):
    assert redacted(connection, "김민수(010-1234-5678, 900101-1234567) 예약") == "김민수([전화], [주민번호]) 예약"
    assert redacted(connection, "(02-123-4567)") == "([전화])"
    assert redacted(connection, "GET /?token=abcdef&page=2") == "GET /?token=[secret]&page=2"
    assert redacted(connection, "sent Bearer abcdefghijk.lmn to x") == "sent Bearer [secret] to x"


def redacted_json(connection, value):
    return connection.scalar(text("SELECT redact_jsonb(:value)"), {"value": Jsonb(value)})


@pytest.mark.parametrize(
    "key",
    [
        *("password", "password_hash", "passwd", "user_password", "secret", "clientSecret", "cookie", "Set-Cookie"),
        *("Token", "accessToken", "refresh-token", "Authorization", "api_key", "apiKey", "X-Api-Key", "private_key"),
    ],
)
@pytest.mark.parametrize("value", ["x", 5, None, True, [], {}, [1, [2, {"a": "]"}]], {"a": {"b": "}"}}])
def test_secret_keys_hide_whatever_they_hold(connection, key, value):
    seen = redacted_json(connection, {"before": 1, "list": [{key: value, "after": [2]}], "z": "end"})
    assert seen == {"before": 1, "list": [{key: "[secret]", "after": [2]}], "z": "end"}


@pytest.mark.parametrize("key", ["input_tokens", "max_tokens", "primary_key", "secretary", "author", "keyboard", "token_count", "bypass"])
def test_other_keys_keep_their_values(connection, key):
    assert redacted_json(connection, {key: 5}) == {key: 5}


def test_strings_keys_and_numbers_are_masked_at_any_depth(connection):
    value = {"m": "call 010-1234-5678", "n": [1.5, -9001011234567, {"010-1234-5678": 'e"sc\\ape\n900101-1234567'}], "ok": [True, None]}
    assert redacted_json(connection, value) == {
        "m": "call [전화]",
        "n": [1.5, "-[주민번호]", {"[전화]": 'e"sc\\ape\n[주민번호]'}],
        "ok": [True, None],
    }


@pytest.mark.parametrize("value", ["010-1234-5678", 9001011234567, [9001011234567], "\nsk-abcdefgh1234", "tab\t01012345678"])
def test_any_json_value_is_masked(connection, value):
    assert "[" in json.dumps(redacted_json(connection, value))
    assert "1234" not in json.dumps(redacted_json(connection, value))


def test_nesting_does_not_exhaust_the_stack(connection):
    deep = connection.scalar(
        text("""SELECT CAST(redact_jsonb(CAST(repeat('{"a":[', 1000) || '{"Password": "hunter2", "m": "01012345678"}'
                                              || repeat(']}', 1000) AS jsonb)) AS text)""")
    )
    assert deep.count("[secret]") == deep.count("[전화]") == 1
    assert deep.count("}") == 1001


@pytest.mark.parametrize("value", [{}, [], {"a": 1}, {"url": 'say "hi": \\ there'}, {"ids": ["0192f0a1-0010-7234-9567-a01012345678"]}])
def test_clean_json_survives(connection, value):
    assert redacted_json(connection, value) == value


def test_keys_that_mask_alike_stay_apart(connection):
    seen = redacted_json(connection, {"010-1234-5678": 1, "010-1234-9999": 2, "in": {"010-1234-5678": 3, "a@b.kr": 4}})
    assert seen == {"[전화]": 1, "[전화] #2": 2, "in": {"[이메일]": 4, "[전화] #2": 3}}
    assert redacted_json(connection, seen) == seen
    again = redacted_json(connection, seen | {"010-1234-7777": 5})
    assert again == seen | {"[전화] #3": 5}


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ([["Authorization", "Basic x"], ["Accept", "y"]], [["Authorization", "[secret]"], ["Accept", "y"]]),
        (["Cookie", {"a": [1]}, "Accept", "y"], ["Cookie", "[secret]", "Accept", "y"]),
        ([{"name": "Cookie", "value": "x"}, {"name": "Accept", "value": "y"}], None),
        ([{"header": "Cookie", "value": ["x", {"a": "x"}], "zz": [1]}, {"header": "Accept", "value": "y"}], None),
        ([{"key": "X-Api-Key", "other": {"name": "n", "value": "y"}, "value": "x"}], None),
    ],
)
def test_pairs_of_a_header_and_its_value(connection, headers, seen):
    def hidden(pair):
        secret = {"Cookie", "X-Api-Key"} & {str(value) for value in pair.values()}
        return {key: "[secret]" if key == "value" and secret else value for key, value in pair.items()}

    assert redacted_json(connection, headers) == (seen or [hidden(pair) for pair in headers])


def test_source_and_event_are_masked(connection):
    row = insert(connection, "logs", source="worker password=hunter2", event="call 010-1234-5678", message="ok")
    stored = connection.execute(text("SELECT source, event, message FROM logs WHERE id = :id"), {"id": row}).one()
    assert stored == ("worker password=[secret]", "call [전화]", "ok")


def test_logs_are_masked_on_insert_and_update_in_every_partition(connection):
    for created_at in ("2020-01-01T00:00:00+09:00", "now"):
        row = insert(connection, "logs", message="tel 010-1234-5678", context={"a": [{"token": "x"}]}, created_at=created_at)
        stored = text("SELECT message, context FROM logs WHERE id = :id")
        assert connection.execute(stored, {"id": row}).one() == ("tel [전화]", {"a": [{"token": "[secret]"}]})
        connection.execute(text("UPDATE logs SET message = '900101-1234567' WHERE id = :id"), {"id": row})
        assert connection.execute(stored, {"id": row}).one().message == "[주민번호]"
