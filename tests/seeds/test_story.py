"""What the rows tell must hang together, beyond what constraints can say."""

import re
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from databases import engine_of, new_database
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app_schema import seeding
from app_schema.keyring import Keyring
from app_schema.models import ApiKey, McpConnection, PasswordHash, User, metadata

NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
DEMO_KEYS = "demo:ZGVtby1rZXktcHVibGlzaGVkLWluLXRoZS1zZWVkcyE="
CONTRADICTIONS = {
    "a room's last message is not the newest": """
        SELECT FROM chat_rooms AS r JOIN messages AS m ON m.room_id = r.id
        GROUP BY r.id HAVING max(m.created_at) IS DISTINCT FROM r.last_message_at""",
    "a conversation's last message is not the newest": """
        SELECT FROM conversations AS c JOIN messages AS m ON m.conversation_id = c.id
        GROUP BY c.id HAVING max(m.created_at) IS DISTINCT FROM c.last_message_at""",
    "a room without a word": "SELECT FROM chat_rooms WHERE id NOT IN (SELECT room_id FROM messages WHERE room_id IS NOT NULL)",
    "the first reply is not the first": """
        SELECT FROM chat_rooms AS r WHERE first_reply_at IS DISTINCT FROM
            (SELECT min(created_at) FROM messages AS m WHERE m.room_id = r.id AND m.sender_type = 'agent')""",
    "an agent has too many rooms": "SELECT FROM agent_dashboard WHERE active_rooms > max_rooms",
    "an agent who is away answers": "SELECT FROM agent_dashboard WHERE active_rooms > 0 AND status NOT IN ('online', 'busy')",
    "a message of another agent": """
        SELECT FROM messages AS m JOIN chat_rooms AS r ON r.id = m.room_id WHERE m.agent_id <> r.agent_id""",
    "a customer writes another language": """
        SELECT FROM messages AS m JOIN chat_rooms AS r ON r.id = m.room_id
        WHERE m.sender_type = 'customer' AND m.content_type = 'text' AND m.original_lang <> r.source_lang""",
    "translated into its own language": "SELECT FROM messages WHERE translated_lang = original_lang",
    "something older than its user": """
        SELECT FROM users AS u WHERE created_at > least(
            (SELECT min(created_at) FROM conversations AS c WHERE c.user_id = u.id),
            (SELECT min(created_at) FROM documents AS d WHERE d.user_id = u.id),
            (SELECT min(created_at) FROM sessions AS s WHERE s.user_id = u.id))""",
    "an answer to nothing": """
        SELECT FROM messages WHERE sender_type = 'assistant' AND parent_message_id IS NULL""",
    "an answer before its question": """
        SELECT FROM messages AS m JOIN messages AS p ON p.id = m.parent_message_id WHERE p.created_at >= m.created_at""",
    "two roll-ups": """
        SELECT FROM (
            SELECT day_kst, user_id, provider, model, operation, currency, count(*), sum(cost) FROM ai_request_stats
            GROUP BY 1, 2, 3, 4, 5, 6
            EXCEPT SELECT day, user_id, provider, model, operation, currency, requests, cost FROM ai_usage_daily) AS lost""",
    "a cost that the roll-up lost": """
        SELECT WHERE (SELECT sum(cost) FROM ai_request_stats) <> (SELECT sum(cost) FROM ai_usage_daily)""",
    "a request for a message that is not there": """
        SELECT FROM ai_request_stats AS s WHERE message_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM messages AS m WHERE m.id = s.message_id AND
                (m.conversation_id, m.room_id) IS NOT DISTINCT FROM (s.conversation_id, s.room_id))""",
}
SHOWN = {
    "customers who waited": "SELECT count(DISTINCT (priority, waiting_since)) > 3 FROM waiting_rooms",
    "sessions live and expired": "SELECT count(DISTINCT expires_at > :now) = 2 FROM sessions",
    "six languages": "SELECT count(DISTINCT source_lang) = 6 FROM chat_rooms",
    "a scheduled run and one that is due": "SELECT count(DISTINCT run_after > :now) = 2 FROM workflow_executions WHERE status = 'queued'",
    "a worker that died": """
        SELECT min(heartbeat_at) < CAST(:now AS timestamptz) - interval '10 minutes' FROM workflow_executions WHERE status = 'running'""",
    "thirty days of use": "SELECT count(DISTINCT day) > 20 FROM ai_usage_daily",
    "working hours": """
        SELECT avg((extract(hour FROM created_at AT TIME ZONE 'Asia/Seoul') BETWEEN 9 AND 17)::int) > 0.5 FROM ai_request_stats""",
    "masked lines": "SELECT count(*) > 1 FROM logs WHERE message LIKE '%[주민번호]%'",
}


@contextmanager
def seeded(run, scenario, scale):
    # a database each: a fill that is not committed makes the next one wait for its partitions
    with new_database(run.server, template=run.template()) as url, engine_of(url).begin() as connection:
        seeding.fill(connection, scenario=scenario, scale=scale, now=NOW)
        connection.execute(text(f"ANALYZE {', '.join(metadata.tables)}"))
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def filled(app_schema_run):
    with seeded(app_schema_run, "demo", 1) as connection:
        yield connection


@pytest.fixture(scope="module", params=[("demo", 1), ("standard", 0.1), ("busy_clinic", 0.1)], ids=lambda asked: asked[0])
def told(request, app_schema_run):
    with seeded(app_schema_run, *request.param) as connection:
        yield connection


@pytest.mark.parametrize("query", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_no_contradiction(told, query):
    assert told.execute(text(f"SELECT count(*) FROM ({query}) AS found")).scalar_one() == 0


@pytest.mark.parametrize("query", SHOWN.values(), ids=SHOWN)
def test_the_demo_shows(filled, query):
    assert filled.scalar(text(query), {"now": NOW} if ":now" in query else {}) is True


def test_no_log_line_holds_a_resident_number(filled):
    lines = filled.scalars(text("SELECT message || context::text FROM logs")).all()
    assert not [line for line in lines if re.search(r"\d{6}-\d{7}|010-\d{4}-\d{4}|sk-demo", line)]


def test_the_password_of_the_demo_is_known(filled):
    hashes = set(filled.scalars(select(User.password_hash).where(User.password_hash.is_not(None))))
    assert [PasswordHash(known).verify("demo-password") for known in hashes] == [True]


def test_a_published_key_opens_every_sealed_secret(filled):
    ring = Keyring.parse(DEMO_KEYS)
    with Session(filled) as session:
        keys = session.scalars(select(ApiKey).where(ApiKey.kek_id.is_not(None))).all()
        assert keys
        assert all(key.reveal(ring).endswith(key.key_last4) for key in keys)
        connections = session.scalars(select(McpConnection).where(McpConnection.kek_id.is_not(None))).all()
        assert connections
        assert all('"token"' in ring.open(row.secrets, owner=row.id, column="mcp_connections.secrets") for row in connections)
