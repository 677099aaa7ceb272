import pytest
from rows import insert
from sqlalchemy import text

VIEWS = [
    *("active_sessions", "agent_dashboard", "ai_usage", "cache_hit_ratio", "index_usage"),
    *("room_history", "table_sizes", "translation_queue", "waiting_rooms", "workflow_queue"),
]


def at(connection, offset):
    return connection.scalar(text("SELECT now() + CAST(:offset AS interval)"), {"offset": offset})


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_runs_as_its_reader(connection, view):
    connection.execute(text(f"SELECT * FROM {view}")).all()
    assert "security_invoker=true" in connection.scalar(text(f"SELECT reloptions FROM pg_class WHERE oid = '{view}'\\:\\:regclass"))


def test_agent_dashboard(connection):
    insert(connection, "agents", is_active=False)
    agent = insert(connection, "agents", max_rooms=2)
    times = [at(connection, offset) for offset in ("-3 min", "-2 min", "-1 min")]
    insert(connection, "chat_rooms", agent_id=agent, last_message_at=times[0], agent_last_read_at=times[0])
    insert(connection, "chat_rooms", agent_id=agent, last_message_at=times[1], agent_last_read_at=times[0])
    insert(connection, "chat_rooms", agent_id=agent, last_message_at=times[2])
    row = connection.execute(text("SELECT * FROM agent_dashboard")).one()
    assert (row.agent_id, row.active_rooms, row.free_slots, row.unread_rooms, row.oldest_unanswered) == (agent, 3, 0, 2, times[1])


def test_active_sessions(connection):
    past = {"created_at": at(connection, "-1 h"), "expires_at": at(connection, "-1 s")}
    for table in ("sessions", "agent_sessions"):
        insert(connection, table)
        insert(connection, table, **past)
        insert(connection, table, revoked_at=at(connection, "0"))
    insert(connection, "customer_sessions")
    insert(connection, "customer_sessions", last_active=at(connection, "-31 min"))
    insert(connection, "customer_sessions", **past)
    assert connection.scalars(text("SELECT kind FROM active_sessions ORDER BY 1")).all() == ["agent", "customer", "user"]


def test_ai_usage_adds_up_users(connection):
    for user in (insert(connection, "users"), None):
        insert(connection, "ai_usage_daily", user_id=user, model="gpt-a", requests=3, cost="0.5", latency_ms_sum=10)
    row = connection.execute(text("SELECT * FROM ai_usage")).one()
    assert (row.requests, str(row.cost), str(row.avg_latency_ms)) == (6, "1.000000000", "3.3")


def test_room_history_names_the_senders(connection):
    customer, agent = insert(connection, "customer_sessions", display_name="Anna"), insert(connection, "agents", name="이상담")
    room = insert(connection, "chat_rooms", customer_session_id=customer, agent_id=agent)
    hello = {"content": "Hello", "translated_content": "안녕하세요", "translated_lang": "ko", "created_at": at(connection, "-2 s")}
    insert(connection, "messages", room_id=room, **hello)
    insert(connection, "messages", room_id=room, sender_type="agent", agent_id=agent, created_at=at(connection, "-1 s"))
    insert(connection, "messages", room_id=room, sender_type="system")
    insert(connection, "messages", room_id=room, deleted_at=at(connection, "0"))
    insert(connection, "messages")
    rows = connection.execute(text("SELECT sender_name, content, translated_content FROM room_history ORDER BY created_at")).all()
    assert rows == [("Anna", "Hello", "안녕하세요"), ("이상담", "안녕하세요", None), ("system", "안녕하세요", None)]


def test_queues(connection):
    workflow = insert(connection, "workflows", name="ocr")
    for columns in ({}, {"run_after": at(connection, "1 min")}, {"status": "running"}, {"status": "succeeded"}):
        insert(connection, "workflow_executions", workflow_id=workflow, **columns)
    queue = connection.execute(text("SELECT name, status, executions, due FROM workflow_queue ORDER BY status")).all()
    assert queue == [("ocr", "queued", 2, 1), ("ocr", "running", 1, 0)]
    insert(connection, "messages", translation_status="pending", original_lang="vi")
    insert(connection, "messages", original_lang="vi")
    assert connection.execute(text("SELECT original_lang, pending FROM translation_queue")).all() == [("vi", 1)]


def test_table_sizes_add_up_partitions(connection):
    connection.execute(text("SELECT ensure_partitions(0)"))
    insert(connection, "logs")
    sizes = connection.execute(text("SELECT * FROM table_sizes WHERE 'logs' IN (tablename, partition_of)")).all()
    whole = next(row for row in sizes if row.tablename == "logs")
    parts = [row for row in sizes if row.partition_of == "logs"]
    assert len(parts) >= 2
    assert whole.total_bytes == sum(row.total_bytes for row in parts) > 0
    assert whole.total_bytes == whole.table_bytes + whole.index_bytes


@pytest.mark.parametrize("view", ["table_sizes", "index_usage", "cache_hit_ratio"])
def test_monitoring_shows_its_own_schema_from_anywhere(connection, view):
    own = connection.scalar(text("SELECT current_schema()"))
    connection.execute(text("CREATE SCHEMA elsewhere"))
    connection.execute(text("CREATE TABLE elsewhere.chat_rooms (id int PRIMARY KEY)"))
    oid = connection.scalar(text(f"SELECT '{view}'\\:\\:regclass\\:\\:oid"))
    source = connection.scalar(text("SELECT format('%I.%I', CAST(:own AS text), CAST(:view AS text))"), {"own": own, "view": view})
    connection.execute(text("SET LOCAL search_path TO elsewhere"))
    assert oid is not None
    assert set(connection.scalars(text(f"SELECT schemaname FROM {source}"))) == {own}


def test_the_documents_monitoring_query_runs_on_index_usage(connection):
    query = """SELECT schemaname, tablename, indexname, idx_scan, idx_tup_read, idx_tup_fetch FROM index_usage
               WHERE idx_scan = 0 AND indexname NOT LIKE '%_pkey' ORDER BY schemaname, tablename"""
    connection.execute(text(query)).all()
    everything = connection.scalars(text("SELECT indexname FROM index_usage")).all()
    assert {"idx_chat_rooms_status", "idx_messages_room_timestamp"} <= set(everything)
