"""The rows make sense together: each rule as a query that finds what breaks it, and a change that it must find."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from databases import engine_of, new_database
from sqlalchemy import DateTime, text

from app_schema import seeding
from app_schema.models import metadata

NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
AHEAD = {"expires_at", "run_after", "locked_until"}  # may lie after the row's last change
KEYS = sorted((table.name, key.parent.name, key.column.table.name) for table in metadata.sorted_tables for key in table.foreign_keys)
CHANGED = [table for table in metadata.sorted_tables if "updated_at" in table.columns]
# rule: (what breaks it, a change after which there is such a row)
RULES = {
    "a user who never came has done something": (
        """SELECT FROM users AS u WHERE status = 'pending' AND (last_login IS NOT NULL OR id IN (
            SELECT user_id FROM conversations UNION SELECT user_id FROM sessions
            UNION SELECT user_id FROM documents UNION SELECT user_id FROM workflow_executions))""",
        "UPDATE users SET status = 'pending' WHERE id = (SELECT user_id FROM conversations LIMIT 1)",
    ),
    "a program talks to the AI as a person does": (
        """SELECT FROM users WHERE role = 'service' AND id IN (SELECT user_id FROM conversations UNION SELECT user_id FROM sessions)""",
        "UPDATE users SET role = 'service' WHERE id = (SELECT user_id FROM conversations LIMIT 1)",
    ),
    "something after the account ended": (
        """SELECT FROM users AS u WHERE status IN ('deleted', 'suspended') AND coalesce(deleted_at, updated_at) < greatest(last_login,
            (SELECT max(last_message_at) FROM conversations AS c WHERE c.user_id = u.id),
            (SELECT max(last_read_at) FROM conversations AS c WHERE c.user_id = u.id),
            (SELECT max(created_at) FROM messages AS m WHERE m.user_id = u.id),
            (SELECT max(created_at) FROM documents AS d WHERE d.user_id = u.id),
            (SELECT max(created_at) FROM workflow_executions AS e WHERE e.user_id = u.id),
            (SELECT max(last_active) FROM sessions AS s WHERE s.user_id = u.id))""",
        "UPDATE users SET last_login = deleted_at + interval '1 s' WHERE status = 'deleted'",
    ),
    "a sign-in outlives its account": (
        """SELECT FROM sessions AS s JOIN users AS u ON u.id = s.user_id
        WHERE u.status IN ('deleted', 'suspended') AND least(s.expires_at, s.revoked_at) > u.updated_at""",
        """UPDATE users SET status = 'suspended', updated_at = created_at
        WHERE id = (SELECT user_id FROM sessions WHERE revoked_at IS NULL LIMIT 1)""",
    ),
    "the last sign-in is not the newest": (
        """SELECT FROM users AS u JOIN (SELECT user_id, max(created_at) AS newest FROM sessions GROUP BY 1) AS s ON s.user_id = u.id
        WHERE s.newest IS DISTINCT FROM u.last_login
        UNION ALL SELECT FROM agents AS a JOIN (SELECT agent_id, max(created_at) AS newest FROM agent_sessions GROUP BY 1) AS s
        ON s.agent_id = a.id WHERE s.newest IS DISTINCT FROM a.last_login""",
        "UPDATE users SET last_login = last_login - interval '1 s'",
    ),
    "somebody is active without a sign-in that could last so long": (
        """SELECT FROM conversations AS c JOIN users AS u ON u.id = c.user_id
        WHERE c.last_message_at > u.last_login + interval '14 days'""",
        "UPDATE users SET last_login = created_at",
    ),
    "an agent is not the person of her account": (
        """SELECT FROM agents AS a JOIN users AS u ON u.id = a.user_id WHERE (a.name, a.email) <> (u.name, u.email)
        OR u.status <> 'active' OR u.role <> 'staff' OR NOT a.is_active""",
        "UPDATE users SET name = '다른 사람' WHERE id = (SELECT user_id FROM agents WHERE user_id IS NOT NULL LIMIT 1)",
    ),
    "an agent who left is there": (
        """SELECT FROM agents AS a WHERE NOT is_active AND (status <> 'offline'
        OR updated_at < (SELECT max(created_at) FROM messages AS m WHERE m.agent_id = a.id))""",
        "UPDATE agents SET is_active = false",
    ),
    "a run of a version that was not there": (
        """SELECT FROM workflow_executions AS e JOIN workflows AS w ON w.id = e.workflow_id
        WHERE w.created_at > e.created_at OR w.status = 'draft' OR w.version <> e.workflow_version""",
        "UPDATE workflows SET status = 'draft'",
    ),
    "a key used when it was not valid": (
        """SELECT FROM api_keys WHERE last_used_at > least(expires_at, revoked_at)
        UNION ALL SELECT FROM ai_request_stats AS s JOIN api_keys AS k ON k.id = s.api_key_id
        WHERE s.created_at NOT BETWEEN k.created_at AND k.last_used_at OR s.user_id <> k.user_id""",
        "UPDATE api_keys SET last_used_at = created_at",
    ),
    "the cache gave what had expired": (
        "SELECT FROM cache_metadata WHERE last_hit_at > expires_at",
        "UPDATE cache_metadata SET expires_at = created_at + interval '1 us'",
    ),
    "a request disagrees with the message that it made": (
        """SELECT FROM ai_request_stats AS s JOIN messages AS m ON m.id = s.message_id
        WHERE m.translation_status <> 'failed'
            AND (m.input_tokens, m.output_tokens, m.model) IS DISTINCT FROM (s.input_tokens, s.output_tokens, s.model)
        OR (m.status = 'failed' OR m.translation_status = 'failed') <> (s.status IN ('error', 'timeout', 'blocked'))
        OR abs(extract(epoch FROM m.created_at - s.created_at)) > 120""",
        "UPDATE messages SET output_tokens = output_tokens + 1",
    ),
    "two requests for one message": (
        "SELECT FROM ai_request_stats WHERE message_id IS NOT NULL GROUP BY message_id HAVING count(*) > 1",
        "UPDATE ai_request_stats SET message_id = (SELECT id FROM messages LIMIT 1)",
    ),
    "somebody else's request": (
        "SELECT FROM ai_request_stats AS s JOIN conversations AS c ON c.id = s.conversation_id WHERE s.user_id IS DISTINCT FROM c.user_id",
        "UPDATE ai_request_stats SET user_id = NULL",
    ),
    "an answer of a measured conversation that nobody asked for": (
        """SELECT FROM messages AS m WHERE sender_type = 'assistant' AND status <> 'streaming'
        AND conversation_id IN (SELECT conversation_id FROM ai_request_stats WHERE operation = 'chat')
        AND NOT EXISTS (SELECT FROM ai_request_stats AS s WHERE s.message_id = m.id)""",
        """DELETE FROM ai_request_stats WHERE message_id = (SELECT (array_agg(message_id))[1] FROM ai_request_stats
            WHERE operation = 'chat' AND conversation_id IS NOT NULL GROUP BY conversation_id HAVING count(*) > 1 LIMIT 1)""",
    ),
    "a line of a log about a request that nobody made": (
        """SELECT FROM logs AS l WHERE (event = 'provider.error' OR message LIKE 'POST /messages%') AND NOT EXISTS (
            SELECT FROM ai_request_stats AS s WHERE s.request_id = l.request_id AND s.user_id = l.user_id
            AND (event <> 'provider.error' OR s.status IN ('error', 'timeout', 'blocked')))""",
        "UPDATE logs SET request_id = uuidv7() WHERE message LIKE 'POST /messages%'",
    ),
    "a chat ends otherwise than it says": (
        """SELECT FROM chat_rooms AS r JOIN LATERAL (
            SELECT sender_type, content FROM messages WHERE room_id = r.id ORDER BY created_at DESC LIMIT 1) AS m ON true
        WHERE close_reason = '고객 응답 없음' AND m.content NOT LIKE '답이 없으셔서%'
        OR close_reason <> '고객 응답 없음' AND m.content LIKE '답이 없으셔서%'
        OR (close_reason IS NULL) = (status = 'closed')""",
        "UPDATE chat_rooms SET close_reason = '고객 응답 없음' WHERE status = 'closed'",
    ),
    "a Korean is translated": (
        """SELECT FROM chat_rooms AS r JOIN messages AS m ON m.room_id = r.id WHERE source_lang = 'ko'
        AND (translation_status <> 'none' OR content ~ '통역|본국|인천공항')""",
        "UPDATE messages SET content = '통역도 가능한가요?'",
    ),
    "a gap that nobody filled": (
        r"""SELECT FROM messages WHERE content ~ '\{[a-z]+' OR content ~ '\[[^]]*\|' OR translated_content ~ '\{[a-z]+|\[[^]]*\|'
        UNION ALL SELECT FROM conversations WHERE title ~ '[{}|]' UNION ALL SELECT FROM documents WHERE title ~ '[{}|]'""",
        "UPDATE conversations SET title = '{drug} 복용 시간'",
    ),
}
SPOIL = "SET LOCAL session_replication_role = replica"  # so that updated_at stays and keys may break


@contextmanager
def seeded(run, scenario, scale):
    # a database each: a fill that is not committed makes the next one wait for its partitions
    with new_database(run.server, template=run.template()) as url, engine_of(url).begin() as connection:
        seeding.fill(connection, scenario=scenario, scale=scale, now=NOW)
        connection.execute(text(f"ANALYZE {', '.join(metadata.tables)}"))
        connection.execute(text(SPOIL))
        yield connection
        connection.rollback()


@pytest.fixture(scope="module", params=[("demo", 1), ("standard", 0.2), ("busy_clinic", 0.05)], ids=lambda asked: asked[0])
def told(request, app_schema_run):
    with seeded(app_schema_run, *request.param) as connection:
        yield connection


def broken(connection, query):
    return connection.scalar(text(f"SELECT count(*) FROM ({query}) AS found"))


def spoiled(connection, query, change):
    # the rule holds, and would not after the change
    before = broken(connection, query)
    with connection.begin_nested() as savepoint:
        connection.execute(text(change))
        after = broken(connection, query)
        savepoint.rollback()
    return before, after > 0


@pytest.mark.parametrize(("query", "change"), RULES.values(), ids=RULES)
def test_nothing_breaks_the_rule(told, query, change):
    assert spoiled(told, query, change) == (0, True)


@pytest.mark.parametrize(("table", "column", "parent"), KEYS, ids=lambda name: name)
def test_nothing_is_older_than_what_it_belongs_to(told, table, column, parent):
    query = f"SELECT FROM {table} AS c JOIN {parent} AS p ON p.id = c.{column} WHERE c.created_at < p.created_at"
    assert spoiled(told, query, f"UPDATE {table} SET created_at = '1999-01-01' WHERE {column} IS NOT NULL") == (0, True)


@pytest.mark.parametrize("table", CHANGED, ids=lambda table: table.name)
def test_nothing_happens_after_the_last_change(told, table):
    times = [column.name for column in table.columns if isinstance(column.type, DateTime) and column.name not in {"updated_at", *AHEAD}]
    query = f"SELECT FROM {table.name} WHERE updated_at < greatest({', '.join(times)})"
    assert spoiled(told, query, f"UPDATE {table.name} SET updated_at = created_at - interval '1 us'") == (0, True)
