from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from rows import insert
from sqlalchemy import text
from sqlalchemy.exc import DataError

THIS_MONTH = text("SELECT CAST(date_trunc('month', now() AT TIME ZONE 'Asia/Seoul') AS date)")
ROWS_IN = text("SELECT CAST(tableoid AS regclass)::text, count(*) FROM logs GROUP BY 1".replace("::", r"\:\:"))
# Everything about a partition that detaching and attaching it again might lose.
SHAPE = text(
    """
    SELECT c.relname, c.relispartition, pg_get_expr(c.relpartbound, c.oid),
        (SELECT array_agg(t.tgname ORDER BY t.tgname) FROM pg_trigger t WHERE t.tgrelid = c.oid),
        (SELECT array_agg(row(i.indexrelid, h.inhparent) ORDER BY i.indexrelid)::text
         FROM pg_index i LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid WHERE i.indrelid = c.oid),
        (SELECT array_agg(row(a.attname, a.attislocal, a.attinhcount, a.attnotnull, a.attgenerated) ORDER BY attnum)::text
         FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0),
        (SELECT array_agg(row(k.conname, k.conislocal, k.coninhcount) ORDER BY k.conname)::text
         FROM pg_constraint k WHERE k.conrelid = c.oid)
    FROM pg_class c WHERE c.relname IN ('logs_default', 'ai_request_stats_default')
        AND c.relnamespace = to_regnamespace(quote_ident(current_schema())) ORDER BY 1
""".replace("::", r"\:\:")
)


def ensure(connection, months=3):
    return [(row.partition, row.moved) for row in connection.execute(text("SELECT * FROM ensure_partitions(:n)"), {"n": months})]


def homes(connection):
    """Where the rows of logs lie: {partition: rows}."""
    return {name.rpartition(".")[2]: rows for name, rows in connection.execute(ROWS_IN).all()}


def names(table, first, count):
    months = [(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1) for n in range(count)]
    return [f"{table}_y{year}m{month:02}" for year, month in months]


def test_makes_this_month_and_the_next_once(connection):
    expected = connection.scalar(THIS_MONTH)
    drop_months(connection)
    assert ensure(connection, 2) == [(name, 0) for table in ("logs", "ai_request_stats") for name in names(table, expected, 3)]
    assert ensure(connection, 2) == []
    assert [name for name, _ in ensure(connection, 3)] == [names(table, expected, 4)[3] for table in ("logs", "ai_request_stats")]


def drop_months(connection):
    for name in connection.scalars(text("SELECT tablename FROM table_sizes WHERE tablename ~ '_y[0-9]{4}m[0-9]{2}$'")).all():
        connection.execute(text(f"DROP TABLE {name}"))


def test_stranded_rows_move_home(connection):
    drop_months(connection)
    shape = connection.execute(SHAPE).all()
    first = connection.scalar(THIS_MONTH)
    lately, ancient = datetime.now(UTC), datetime(1999, 1, 1, tzinfo=UTC)
    kept = insert(connection, "logs", created_at=lately, message="kept", context={"a": 1})
    insert(connection, "logs", created_at=lately - timedelta(days=400))
    insert(connection, "logs", created_at=lately - timedelta(days=400))
    insert(connection, "logs", created_at=ancient)
    insert(connection, "ai_request_stats", created_at=lately, cost=1.5)
    before = connection.execute(text("SELECT * FROM logs ORDER BY id")).all()

    past = (lately - timedelta(days=400) + timedelta(hours=9)).strftime("logs_y%Ym%m")
    assert ensure(connection, 0) == [(past, 2), (names("logs", first, 1)[0], 1), (names("ai_request_stats", first, 1)[0], 1)]
    assert homes(connection) == {past: 2, names("logs", first, 1)[0]: 1, "logs_default": 1}
    assert connection.execute(text("SELECT * FROM logs ORDER BY id")).all() == before
    assert connection.scalar(text("SELECT day_kst FROM ai_request_stats")) == (lately + timedelta(hours=9)).date()
    assert connection.execute(SHAPE).all() == shape
    connection.execute(text("UPDATE logs SET message = '010-1234-5678' WHERE id = :id"), {"id": kept})
    assert connection.scalar(text("SELECT message FROM logs WHERE id = :id"), {"id": kept}) == "[전화]"
    assert ensure(connection, 0) == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Seoul", "America/Los_Angeles"])
def test_a_month_begins_at_midnight_in_seoul(connection, zone):
    drop_months(connection)
    connection.execute(text(f"SET LOCAL timezone = '{zone}'"))
    for hour in ("2025-10-31T14:59:59.999999Z", "2025-10-31T15:00:00Z", "2025-11-30T14:59:59.999999Z", "2025-11-30T15:00:00Z"):
        insert(connection, "logs", created_at=hour)
    ensure(connection, 0)
    assert homes(connection) == {"logs_y2025m10": 1, "logs_y2025m11": 2, "logs_y2025m12": 1}
    insert(connection, "logs", created_at="2025-10-31T15:00:00Z")
    assert homes(connection)["logs_y2025m11"] == 3


def test_a_column_dropped_or_generated_does_not_confuse_the_move(connection):
    drop_months(connection)
    connection.execute(text("ALTER TABLE logs DROP COLUMN request_id, ADD COLUMN size int GENERATED ALWAYS AS (length(message)) STORED"))
    insert(connection, "logs")
    assert ensure(connection, 0)[0][1] == 1
    assert connection.scalar(text("SELECT size FROM logs")) == len("started")


@pytest.mark.parametrize("months", [-1, 121, None])
def test_absurd_horizons_are_refused(connection, months):
    with pytest.raises(DataError, match="p_months"):
        ensure(connection, months)


def test_two_callers_at_once_both_succeed(engine):
    with engine.begin() as connection:
        drop_months(connection)
        for _ in range(100):
            insert(connection, "logs")

    def call(_):
        with engine.begin() as connection:
            return ensure(connection)

    with ThreadPoolExecutor(6) as pool:
        made = [partition for partitions in pool.map(call, range(6)) for partition in partitions]
    assert len(made) == len(set(made)) == 8
    with engine.connect() as connection:
        assert set(homes(connection).values()) == {100}


def test_retiring_drops_whole_months_only(connection):
    drop_months(connection)
    for created_at in ("2025-10-15T00:00:00Z", "2025-11-15T00:00:00Z", "2025-12-15T00:00:00Z"):
        insert(connection, "logs", created_at=created_at)
    ensure(connection, 0)
    # Keep what is younger than one second before November ended in Seoul.
    retire = text("SELECT retire_partitions('logs', now() - CAST(:limit AS timestamptz))")
    connection.execute(text("SET LOCAL timezone = 'Asia/Shanghai'"))  # prints as CST, which is read as Chicago's
    connection.execute(text("SET LOCAL datestyle = 'SQL, DMY'"))
    assert connection.scalars(retire, {"limit": "30/11/2025 14:59:59+00"}).all() == ["logs_y2025m10"]
    assert connection.scalars(retire, {"limit": "30/11/2025 15:00:00+00"}).all() == ["logs_y2025m11"]
    assert homes(connection) == {"logs_y2025m12": 1}


@pytest.mark.parametrize(("table", "keep"), [("users", "30 days"), (None, "30 days"), ("logs", "23 hours"), ("logs", None)])
def test_retiring_refuses(connection, table, keep):
    with pytest.raises(DataError, match=r"p_(table|keep) must"):
        connection.execute(text("SELECT retire_partitions(:table, CAST(:keep AS interval))"), {"table": table, "keep": keep})
