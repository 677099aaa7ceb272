import pytest
from rows import insert
from sqlalchemy import text
from sqlalchemy.exc import DataError


def at(connection, offset):
    return connection.scalar(text("SELECT now() + CAST(:offset AS interval)"), {"offset": offset})


def count(connection, table):
    return connection.scalar(text(f"SELECT count(*) FROM {table}"))


def test_logs_go_by_the_month_then_by_the_batch(connection):
    for offset in ("-400 days", "-400 days", "-1 hour"):
        insert(connection, "logs", created_at=at(connection, offset))
    connection.execute(text("SELECT ensure_partitions(0)"))
    for _ in range(5):
        insert(connection, "logs", created_at=at(connection, "-20 years"))  # in the default partition
    cleanup = text("SELECT * FROM cleanup_logs(p_batch => 3)")
    assert connection.execute(cleanup).one() == (1, 0)  # a call that drops a month deletes nothing under its lock
    assert connection.execute(cleanup).one() == (0, 3)
    assert connection.execute(cleanup).one() == (0, 2)
    assert connection.execute(cleanup).one() == (0, 0)
    assert count(connection, "logs") == 1


def test_rows_of_the_month_the_limit_falls_into_go_by_age(connection):
    for offset in ("-49 hours", "-47 hours"):
        insert(connection, "logs", created_at=at(connection, offset), message=offset)
    connection.execute(text("SELECT * FROM cleanup_logs('2 days')"))
    assert connection.scalars(text("SELECT message FROM logs")).all() == ["-47 hours"]


def test_rows_in_use_are_skipped(engine):
    with engine.begin() as connection:
        locked = insert(connection, "logs", created_at=at(connection, "-20 years"))
        insert(connection, "logs", created_at=at(connection, "-20 years"))
    with engine.connect() as busy, engine.begin() as connection:
        busy.execute(text("SELECT FROM logs WHERE id = :id FOR UPDATE"), {"id": locked})
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert connection.execute(text("SELECT * FROM cleanup_logs()")).one() == (0, 1)


@pytest.mark.parametrize(
    "call",
    [
        "cleanup_logs('23 hours')",
        "cleanup_logs(NULL)",
        "cleanup_logs(p_batch => 0)",
        "cleanup_logs(p_batch => 100001)",
        "cleanup_sessions(0)",
        "cleanup_agent_sessions(NULL)",
        "cleanup_customer_sessions(0)",
        "cleanup_customer_sessions(p_idle => '23 hours')",
        "requeue_stale_executions('-1 hour')",
        "requeue_stale_executions(p_batch => 0)",
    ],
)
def test_absurd_arguments_are_refused(connection, call):
    with pytest.raises(DataError, match=r"p_(keep|batch|idle|age) must"):
        connection.execute(text(f"SELECT {call}"))


@pytest.mark.parametrize("table", ["sessions", "agent_sessions"])
def test_expired_and_long_revoked_sessions_go_in_batches(connection, table):
    past = {"created_at": at(connection, "-3 days")}
    for _ in range(3):
        insert(connection, table, **past, expires_at=at(connection, "-1 second"))
    insert(connection, table, revoked_at=at(connection, "-25 hours"))
    stay = {insert(connection, table), insert(connection, table, revoked_at=at(connection, "-23 hours"))}
    calls = [connection.scalar(text(f"SELECT cleanup_{table}(2)")) for _ in range(3)]
    assert calls == [2, 2, 0]
    assert set(connection.scalars(text(f"SELECT id FROM {table}"))) == stay


def test_idle_customers_go_unless_a_room_is_open(connection):
    idle = {"last_active": at(connection, "-31 days")}
    expired = {"created_at": at(connection, "-1 day"), "expires_at": at(connection, "-1 s")}
    gone = [insert(connection, "customer_sessions", **idle), insert(connection, "customer_sessions", **expired)]
    in_room = insert(connection, "customer_sessions", **idle)
    insert(connection, "chat_rooms", customer_session_id=in_room)
    closed = insert(connection, "chat_rooms", customer_session_id=gone[0], status="closed")
    stay = {in_room, insert(connection, "customer_sessions", last_active=at(connection, "-29 days"))}
    assert [connection.scalar(text("SELECT cleanup_customer_sessions(1)")) for _ in range(3)] == [1, 1, 0]
    assert set(connection.scalars(text("SELECT id FROM customer_sessions"))) == stay
    assert connection.scalar(text("SELECT customer_session_id FROM chat_rooms WHERE id = :id"), {"id": closed}) is None


def test_usage_is_the_same_however_often_it_is_rolled_up(connection):
    user = insert(connection, "users")
    for cost, status, created_at in (("0.1", "ok", "2025-10-31T15:00:00Z"), ("0.2", "error", "2025-11-01T14:59:59Z")):
        insert(connection, "ai_request_stats", user_id=user, cost=cost, status=status, created_at=created_at, input_tokens=10, latency_ms=7)
    for created_at in ("2025-10-31T14:59:59Z", "2025-11-01T15:00:00Z", "2025-11-01T00:00:00Z"):  # the days around, and nobody's
        insert(connection, "ai_request_stats", created_at=created_at)
    roll_up = text("SELECT aggregate_ai_usage('2025-11-01', '2025-11-01')")
    stored = text("SELECT day, user_id, requests, errors, input_tokens, cost, latency_ms_sum FROM ai_usage_daily ORDER BY user_id")
    assert connection.scalar(roll_up) == 2
    first = connection.execute(stored).all()
    assert [str(value) for value in first[0]] == ["2025-11-01", str(user), "2", "1", "20", "0.300000000", "14"]
    assert connection.scalar(roll_up) == 2
    assert connection.execute(stored).all() == first
    connection.execute(text("DELETE FROM ai_request_stats WHERE user_id IS NULL"))
    assert connection.scalar(roll_up) == 1
    assert connection.execute(stored).all() == first[:1]


@pytest.mark.parametrize(
    "days", ["NULL, '2025-01-01'", "'2025-01-02', '2025-01-01'", "'2025-01-01', '2026-02-05'", "'2025-01-01', 'infinity'"]
)
def test_rolling_up_refuses_absurd_ranges(connection, days):
    with pytest.raises(DataError, match="p_from"):
        connection.execute(text(f"SELECT aggregate_ai_usage({days})"))
