"""No error of the server carries the value of a row; its SQLSTATE and names stay."""

import pickle
import uuid

import pytest
from leaks import CANARY, everything, leaks
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from app_schema.scrub import scrubbed

TABLES = """
CREATE TYPE pg_temp.mood AS ENUM ('calm');
CREATE TEMPORARY TABLE parent (id text PRIMARY KEY);
CREATE TEMPORARY TABLE victim (
    id integer PRIMARY KEY DEFAULT 1, note text UNIQUE, wanted text NOT NULL DEFAULT 'x' CONSTRAINT wanted_short CHECK (length(wanted) < 9),
    parent text REFERENCES parent, later text REFERENCES parent DEFERRABLE INITIALLY DEFERRED, digest sha256_hex, short varchar(3),
    number numeric(3, 1), day date, mood pg_temp.mood, span int4range, EXCLUDE USING gist (span WITH &&), body jsonb);
CREATE TEMPORARY TABLE months (month text, note text) PARTITION BY LIST (month);
CREATE FUNCTION pg_temp.refuse(value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'room is full' USING DETAIL = value, HINT = value; END $$;
"""


@pytest.fixture
def victim(connection):
    connection.exec_driver_sql(TABLES)
    connection.exec_driver_sql("INSERT INTO victim (note, span) VALUES (%s, '[1,2)')", (CANARY,))
    return connection


@pytest.mark.parametrize(
    ("sql", "value", "state", "name"),
    [
        ("INSERT INTO victim (id, note) VALUES (2, :value)", CANARY, "23505", "victim_note_key"),
        ("INSERT INTO victim (id, wanted) VALUES (2, :value)", CANARY, "23514", "wanted_short"),
        ("INSERT INTO victim (id, note, wanted) VALUES (2, 'b' || :value, NULL)", CANARY, "23502", None),
        ("INSERT INTO victim (id, parent) VALUES (2, :value)", CANARY, "23503", "victim_parent_fkey"),
        ("INSERT INTO victim (id, digest) VALUES (2, :value)", CANARY, "23514", "sha256_format"),
        ("INSERT INTO victim (id, span, short) VALUES (2, '[1,5)', NULLIF(:value, :value))", CANARY, "23P01", "victim_span_excl"),
        ("INSERT INTO months VALUES (:value)", CANARY, "23514", None),
        ("INSERT INTO victim (id, short) VALUES (2, :value)", CANARY, "22001", None),
        ("SELECT CAST(CAST(:value AS text) AS uuid)", CANARY, "22P02", None),
        ("SELECT CAST(CAST(:value AS text) AS integer)", CANARY, "22P02", None),
        ("SELECT CAST(CAST(:value AS text) AS integer)", "9" * 30, "22003", None),
        ("SELECT CAST(CAST(:value AS text) AS bigint)", "canary12", "22P02", None),
        ("SELECT CAST(CAST(:value AS text) AS jsonb)", '{"a": ' + CANARY, "22P02", None),
        ("SELECT CAST(CAST(:value AS text) AS timestamptz)", CANARY, "22007", None),
        ("SELECT CAST(CAST(:value AS text) AS date)", CANARY, "22007", None),
        ("SELECT CAST(CAST(:value AS text) AS integer[])", CANARY, "22P02", None),
        ("SELECT CAST(CAST(:value AS text) AS pg_temp.mood)", CANARY, "22P02", None),
        ("SELECT CAST(CAST(:value AS text) AS boolean)", CANARY, "22P02", None),
        ("SELECT CAST(CAST(:value AS text) AS inet)", CANARY, "22P02", None),
        ("SELECT now() AT TIME ZONE :value", CANARY, "22023", None),
        ("SELECT set_config('work_mem', :value, true)", CANARY, "22023", None),
        ("SELECT to_tsquery('simple', :value)", "canary & (", "42601", None),
        ("SELECT CAST(CAST(:value AS text) AS jsonpath)", "$.canary canary", "42601", None),
        ("SELECT CAST(CAST(:value AS text) AS tsquery)", "'" + "canary" * 999 + "'", "54000", None),
        ("UPDATE victim SET number = CAST(:value AS numeric)", "99999.4242", "22003", None),
        ("SELECT pg_temp.refuse(:value)", CANARY, "P0001", None),
    ],
)
def test_the_servers_errors_keep_state_and_names_only(victim, sql, value, state, name):
    with pytest.raises(DBAPIError) as caught:
        victim.execute(text(sql), {"value": value})
    error = caught.value
    assert leaks(error) == []
    assert value not in everything(error)
    assert error.orig.sqlstate == error.orig.diag.sqlstate == state
    assert error.orig.diag.constraint_name == name
    assert error.orig.diag.message_detail is error.orig.diag.message_hint is error.orig.diag.context is None
    assert f"[SQLSTATE {state}]" in str(error)
    assert name is None or name in str(error)
    assert pickle.loads(pickle.dumps(error)).orig.diag.constraint_name == name


def test_what_tells_an_error_apart_stays(victim):
    with pytest.raises(ProgrammingError, match=r'relation "nowhere" does not exist.*42P01'), victim.begin_nested():
        victim.exec_driver_sql("SELECT * FROM nowhere")
    with pytest.raises(IntegrityError, match='null value in column "wanted" of relation "victim"'), victim.begin_nested():
        victim.exec_driver_sql("UPDATE victim SET wanted = NULL")
    with pytest.raises(DataError, match=r"invalid input syntax for type uuid: “…” \[SQLSTATE 22P02"), victim.begin_nested():
        victim.exec_driver_sql("SELECT %s::text::uuid", (CANARY,))
    with pytest.raises(ProgrammingError, match="room is full"):
        victim.exec_driver_sql("SELECT pg_temp.refuse('')")


def test_deferred_and_many_row_statements_are_scrubbed(victim):
    with pytest.raises(IntegrityError) as caught, victim.begin_nested():
        victim.execute(text("INSERT INTO victim (id, note) VALUES (:id, :note)"), [{"id": n, "note": CANARY} for n in (7, 8)])
    assert leaks(caught.value) == []
    victim.execute(text("INSERT INTO victim (id, later) VALUES (9, :value)"), {"value": CANARY})
    with pytest.raises(IntegrityError) as caught:
        victim.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert leaks(caught.value) == []


def test_an_error_at_commit_is_scrubbed(engine):
    name = f"leak_{uuid.uuid4().hex}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {name} (id text PRIMARY KEY, up text REFERENCES {name} DEFERRABLE INITIALLY DEFERRED)")
    try:
        with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
            connection.execute(text(f"INSERT INTO {name} VALUES ('a', :value)"), {"value": CANARY})
        assert leaks(caught.value) == []
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE {name}")


@pytest.mark.parametrize("line", [CANARY, f"{CANARY}\t{CANARY}\t{CANARY}", f"2\t{CANARY}", f"2\tx\t{CANARY}"])
def test_copy_on_the_raw_connection_needs_a_block(victim, line):
    cursor = victim.connection.cursor()
    with pytest.raises(Exception, match="SQLSTATE") as caught, scrubbed(), cursor.copy("COPY victim (id, wanted) FROM STDIN") as copy:
        copy.write(line + "\n")
    assert leaks(caught.value) == []
