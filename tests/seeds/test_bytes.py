"""The same order gives the same bytes; another seed gives others."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from app_schema.models import metadata
from app_schema.seeding import Mode, Order, sow

NOW = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
SEED = """
import sys
from datetime import datetime
from sqlalchemy import make_url
from app_schema.engine import create_engine
from app_schema.seeding import Order, sow
with create_engine(make_url(sys.argv[1]).set(drivername="postgresql+psycopg")).connect() as connection:
    connection.exec_driver_sql(f"SET SESSION TIME ZONE '{sys.argv[2]}'; SET SESSION DateStyle TO '{sys.argv[3]}'")
    connection.commit()
    sow(connection, Order('standard', 0.05, 7, datetime.fromisoformat('2026-11-20T14:30+09:00')))
"""


def copied(engine, order=""):
    """What COPY … TO writes for every table, in the order in which the rows lie there if not told otherwise."""
    found = {}
    with engine.connect() as connection:
        for table in metadata.tables:
            digest = sha256()
            with (
                connection.connection.driver_connection.cursor() as cursor,
                cursor.copy(f"COPY (SELECT * FROM {table} {order}) TO STDOUT") as copy,
            ):
                for block in copy:
                    digest.update(block)
            found[table] = digest.hexdigest()
    return found


def test_two_processes_with_other_settings_write_the_same_bytes(engine):
    seen = []
    for zone, style, hashing in (("Asia/Seoul", "ISO, YMD", "1"), ("America/New_York", "German, DMY", "2")):
        url = engine.url.render_as_string(hide_password=False)
        subprocess.run([sys.executable, "-c", SEED, url, zone, style], check=True, env={"PYTHONHASHSEED": hashing})
        seen.append(copied(engine))
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("other", [{"random_seed": 8}, {"now": NOW + timedelta(minutes=1)}])
def test_another_seed_or_moment_writes_others(engine, other):
    asked = {"random_seed": 7, "now": NOW}
    with engine.connect() as connection:
        sow(connection, Order("demo", **asked))
        first = copied(engine)
        sow(connection, Order("demo", **{**asked, **other}), mode=Mode.REPLACE)
    second = copied(engine)
    assert [table for table in first if first[table] == second[table]] == []


def test_appended_rows_are_the_same_too(engine):
    seen = []
    with engine.connect() as connection:
        for _ in range(2):
            sow(connection, Order("demo", now=NOW), mode=Mode.REPLACE)
            sow(connection, Order("demo", now=NOW), mode=Mode.APPEND)
            seen.append(copied(engine, "ORDER BY id"))  # where a row lies depends on whether autovacuum came in between
    assert seen[0] == seen[1]


def test_replacing_rows_that_have_lived_writes_the_same_too(engine):
    asked = Order("standard", 0.1, now=NOW)
    with engine.connect() as connection:
        sow(connection, asked)
        first = copied(engine, "ORDER BY id")  # where PostgreSQL puts a row depends on the free space that it remembers
        for table in ("conversations", "messages", "sessions", "users", "workflow_executions"):
            connection.execute(text(f"UPDATE {table} SET created_at = created_at - interval '1 s' WHERE random() < 0.5"))
        connection.execute(text("DELETE FROM ai_request_stats WHERE random() < 0.5"))
        connection.commit()
        connection.connection.driver_connection.autocommit = True
        connection.exec_driver_sql("VACUUM")
        connection.connection.driver_connection.autocommit = False
        sow(connection, Order("standard", 0.05, 3, NOW - timedelta(days=40)), mode=Mode.REPLACE)
        sow(connection, asked, mode=Mode.REPLACE)
    assert copied(engine, "ORDER BY id") == first
