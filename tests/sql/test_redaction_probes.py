"""Every probe of the published table, both ways; the share is printed in the terminal summary."""

import json

from psycopg.types.json import Jsonb
from redaction_probes import LEAVE, LEAVE_JSON, MASK, MASK_JSON
from sqlalchemy import text


def redacted(connection, value):
    return connection.scalar(text("SELECT redact_text(:value)"), {"value": value})


def redacted_json(connection, value):
    return connection.scalar(text("SELECT redact_jsonb(:value)"), {"value": Jsonb(value)})


def test_the_tables_are_as_long_as_promised():
    assert len(MASK) + len(MASK_JSON) >= 150
    assert len(LEAVE) + len(LEAVE_JSON) >= 60
    assert len({*MASK}) == len(MASK)
    assert len({*LEAVE}) == len(LEAVE)


def test_every_probe_of_a_secret_is_masked(connection, record_property):
    shown = [probe for probe, hidden in MASK if hidden in redacted(connection, probe) or hidden in redacted(connection, f"앞 {probe} 뒤")]
    shown += [str(probe) for probe, hidden in MASK_JSON if hidden in json.dumps(redacted_json(connection, probe), ensure_ascii=False)]
    asked = len(MASK) + len(MASK_JSON)
    record_property("summary", f"redaction: {asked - len(shown)} of {asked} probes masked")
    assert shown == []


def test_every_other_probe_is_left(connection, record_property):
    changed = [probe for probe in LEAVE if any(redacted(connection, shown) != shown for shown in (probe, f"앞 {probe} 뒤", f"{probe}, x"))]
    changed += [str(probe) for probe in LEAVE_JSON if redacted_json(connection, probe) != probe]
    asked = len(LEAVE) + len(LEAVE_JSON)
    record_property("summary", f"redaction: {asked - len(changed)} of {asked} other probes left alone")
    assert changed == []


def test_what_is_masked_stays_as_it_is(connection):
    masked = {redacted(connection, shown) for probe, _ in MASK for shown in (probe, f"앞 {probe} 뒤")}
    assert {each for each in masked if redacted(connection, each) != each} == set()
    for probe, _ in MASK_JSON:
        once = redacted_json(connection, probe)
        assert redacted_json(connection, once) == once


def test_a_text_among_others_of_a_json_value_is_masked_as_it_would_be_alone(connection):
    for probe, hidden in MASK:
        assert hidden not in json.dumps(redacted_json(connection, {"a": [probe], "b": "ok"}), ensure_ascii=False), probe


def test_the_first_look_passes_over_nothing_that_would_be_masked(connection):
    probes = [*(probe for probe, _ in MASK), *LEAVE]
    cut = {piece for probe in probes for place in range(0, len(probe), 5) for piece in (probe[place:], probe[:place])}
    passed_over = text("""
        SELECT shown, redact_personal(redact_secrets(redact_fold(shown))) AS masked
        FROM unnest(CAST(:shown AS text[])) AS shown
        WHERE NOT redact_suspects(shown) AND redact_personal(redact_secrets(redact_fold(shown))) <> redact_fold(shown)
    """)
    assert connection.execute(passed_over, {"shown": sorted(cut)}).all() == []


def test_json_escapes_hide_nothing(connection):
    for before in ("\n", "\t", "\r", "\b", "\x1b", '"', "\\", "/"):
        seen = redacted_json(connection, {"a": f"x{before}010-1234-5678", "b": f"{before}sk-a1b2c3d4e5f6", "c": before})
        assert seen == {"a": f"x{before}[전화]", "b": f"{before}[secret]", "c": before}
