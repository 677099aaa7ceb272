"""Every function works on the schema it was made in, whatever the search_path of the caller."""

import re

import pytest
from rows import insert
from sqlalchemy import text

FUNCTIONS = """SELECT p.proname, p.prosrc, p.proconfig, p.provolatile, p.prosecdef FROM pg_proc AS p
         WHERE p.pronamespace = to_regnamespace(quote_ident(current_schema()))"""
RELATIONS = """SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
               AND relkind IN ('r', 'p', 'v')"""


def decoy(connection):
    """Shadow every table with an empty one, and move the caller's search_path there."""
    own = connection.scalar(text("SELECT quote_ident(current_schema())"))
    connection.execute(text("CREATE SCHEMA decoy"))
    for table in connection.scalars(text(RELATIONS)).all():
        connection.execute(text(f"CREATE TABLE decoy.{table} ()"))
    connection.execute(text("CREATE FUNCTION decoy.redact_text(text) RETURNS text LANGUAGE sql RETURN 'decoy'"))
    connection.execute(text("CREATE FUNCTION decoy.redact_jsonb(jsonb) RETURNS jsonb LANGUAGE sql RETURN to_jsonb(1)"))
    connection.execute(text("SET LOCAL search_path TO decoy"))
    return own


def test_functions_find_their_own_tables(connection):
    agent, room = insert(connection, "agents"), insert(connection, "chat_rooms")
    insert(connection, "workflow_executions")
    insert(connection, "guardrails", rule_type="pii", pattern=None, name="pii")
    own = decoy(connection)
    assert connection.scalar(text(f"SELECT {own}.claim_room(:agent)"), {"agent": agent}) == room
    assert connection.scalar(text(f"SELECT {own}.record_message('x', 'customer', p_room_id => :room)"), {"room": room})
    assert connection.scalar(text(f"SELECT count(*) FROM {own}.claim_execution('w')")) == 1
    assert connection.scalar(text(f"SELECT {own}.requeue_stale_executions()")) == 0
    assert connection.scalar(text(f"SELECT name FROM {own}.guardrail_matches('010-1234-5678', 'input')")) == "pii"
    insert_found = text(f"SELECT content FROM {own}.search_messages('안녕', p_inflected => true, p_spacing => true)")
    assert connection.scalars(insert_found).all() == []
    assert connection.scalar(text(f"SELECT {own}.aggregate_ai_usage('2025-01-01', '2025-01-02')")) == 0
    for cleanup in ("logs", "sessions", "agent_sessions", "customer_sessions"):
        connection.execute(text(f"SELECT {own}.cleanup_{cleanup}()")).all()
    connection.execute(text(f"SELECT {own}.ensure_partitions(6)")).all()
    connection.execute(text(f"SELECT {own}.retire_partitions('logs', '1 day')")).all()
    connection.execute(text(f"INSERT INTO {own}.logs (level, message, context) VALUES ('info', '010-1234-5678', '{{\"token\"\\: 1}}')"))
    assert connection.execute(text(f"SELECT message, context FROM {own}.logs")).one() == ("[전화]", {"token": "[secret]"})
    assert connection.scalar(text("SELECT count(*) FROM pg_class WHERE relnamespace = 'decoy'\\:\\:regnamespace AND relispartition")) == 0


def test_what_names_a_relation_or_a_sibling_pins_its_search_path(connection):
    functions = connection.execute(text(FUNCTIONS)).all()
    named = [*connection.scalars(text(RELATIONS)), *(function.proname for function in functions)]
    for function in functions:
        names = [name for name in named if name != function.proname and re.search(rf"(?<![\w.]){name}\b", function.prosrc)]
        pinned = any(setting.startswith("search_path=") for setting in function.proconfig or [])
        assert pinned or not names, (function.proname, names)
        assert not function.prosecdef, function.proname


@pytest.mark.parametrize("trigger", ["set_updated_at", "normalize_title", "normalize_message", "normalize_name", "redact_log"])
def test_trigger_functions_only_assign(connection, trigger):
    source = connection.scalar(text(f"SELECT prosrc FROM ({FUNCTIONS}) AS f WHERE proname = :name"), {"name": trigger})
    words = r"\b(select|insert|update|delete|notify|pg_notify|pg_advisory\w*|tg_table_name|tg_relname|perform|current_setting)\b"
    assert not re.search(words, source, re.IGNORECASE)


def test_ids_are_version_seven_and_carry_the_time(connection):
    made, now = connection.execute(text("SELECT uuidv7(), extract(epoch FROM clock_timestamp()) * 1000")).one()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert abs((made.int >> 80) - float(now)) < 5000
