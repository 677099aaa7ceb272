import unicodedata

import pytest
from rows import insert
from sqlalchemy import text


def matches(connection, said, stage="input"):
    return connection.scalars(text("SELECT name FROM guardrail_matches(:said, :stage)"), {"said": said, "stage": stage}).all()


@pytest.mark.parametrize(
    ("rule", "hit", "miss"),
    [
        ({"rule_type": "regex", "pattern": "비밀\\s+번호"}, "비밀  번호", "비밀번호"),
        ({"rule_type": "keyword", "pattern": "Secret.*"}, "a SECRET.* b", "secretive"),
        ({"rule_type": "keyword", "pattern": "보고서"}, unicodedata.normalize("NFD", "이 보고서를"), "보고"),
        ({"rule_type": "keyword", "pattern": "("}, "a(b", "a"),
        ({"rule_type": "keyword", "pattern": "100%"}, "100%", "100원"),
        ({"rule_type": "pii", "pattern": None}, "번호 010-1234-5678", "번호 없음"),
        ({"rule_type": "length", "pattern": None, "config": {"max": 3}}, "안녕하세", "안녕하"),
        ({"rule_type": "length", "pattern": None, "config": {"max": "3"}}, "abcd", "abc"),
    ],
)
def test_a_rule_matches(connection, rule, hit, miss):
    insert(connection, "guardrails", name="rule", **rule)
    assert matches(connection, hit) == ["rule"]
    assert matches(connection, miss) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"enabled": False},
        {"stage": "output"},
        {"rule_type": "llm"},
        {"pattern": ""},
        {"rule_type": "length", "config": {"max": "many"}},
        {"rule_type": "length", "config": {}},
    ],
)
def test_a_rule_does_not_match(connection, rule):
    insert(connection, "guardrails", **{"pattern": "비밀"} | rule)
    assert matches(connection, "비밀") == []


@pytest.mark.parametrize(
    "said", ["010-1234-5678", "a@b.kr", "\uff14111-1111-1111-1111", "900101-1234567", "계좌 110-123-456789", "여권 M12345678"]
)
def test_personal_data_sets_off_a_pii_rule(connection, said):
    insert(connection, "guardrails", rule_type="pii", pattern=None, name="pii")
    assert matches(connection, f"제 것은 {said} 입니다") == ["pii"]


@pytest.mark.parametrize(
    "said",
    [
        *("https://hooks.slack.com/services/T000/B000/abcdefgh12345678", "password=hunter2", "서버 203.0.113.7", "Bearer abcdefghijklmnop"),
        *("full\uff1f", "version 010.1234.5678"),
    ],
)
def test_secrets_and_addresses_of_machines_set_off_no_pii_rule(connection, said):
    insert(connection, "guardrails", rule_type="pii", pattern=None, name="pii")
    assert matches(connection, said) == []


def test_matches_come_in_the_order_they_apply_with_what_to_do(connection):
    late = insert(connection, "guardrails", stage="both", priority=2, action="mask", severity=5)
    early = insert(connection, "guardrails", priority=1)
    insert(connection, "guardrails", stage="output")
    found = connection.execute(text("SELECT guardrail_id, action, severity FROM guardrail_matches('비밀', 'input')")).all()
    assert found == [(early, "block", 3), (late, "mask", 5)]
