"""Rebuilt is what is broken or bloated, and nothing else."""

import threading
import time

import pytest
from sqlalchemy import text

from app_schema.engine import connect
from app_schema.maintenance import indexes
from app_schema.maintenance.step import Work

MAKE = """
CREATE TABLE bulky (id int PRIMARY KEY, code text NOT NULL) WITH (autovacuum_enabled = off);
CREATE INDEX idx_bulky_code ON bulky (code);
INSERT INTO bulky SELECT n, md5(n::text) FROM generate_series(1, 60000) AS n;
ANALYZE bulky
"""
THIN_OUT = "DELETE FROM bulky WHERE id %% 10 <> 0"


@pytest.fixture
def work(engine, settings, memory):
    with engine.begin() as connection:
        for statement in MAKE.split(";"):
            connection.execute(text(statement.replace(":", r"\:")))
    with connect(settings) as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        yield Work(connection, settings, memory, time.monotonic() + 120)


def thin_out(work):
    for statement in (THIN_OUT, "VACUUM (ANALYZE) bulky"):
        work.connection.exec_driver_sql(statement)


def size(work, index="idx_bulky_code"):
    return work.run(f"SELECT pg_relation_size('{index}')")[0][0]


def number(work, index="idx_bulky_code"):
    return work.run(f"SELECT pg_relation_filenode('{index}')")[0][0]


def test_a_fresh_index_is_left_alone(work):
    assert indexes.rebuild(work) == "no index is bloated"


def test_an_index_that_is_mostly_empty_is_rebuilt_and_the_estimate_says_so(work):
    thin_out(work)
    before = size(work)
    said = indexes.rebuild(work)
    assert "idx_bulky_code" in said
    assert "estimated" in said
    assert size(work) < before / 5
    assert indexes.rebuild(work) == "no index is bloated"


def test_pgstattuple_measures_where_it_is(work):
    if not work.run("SELECT FROM pg_available_extensions WHERE name = 'pgstattuple'"):
        pytest.skip("this server has no pgstattuple")
    work.connection.exec_driver_sql("CREATE EXTENSION pgstattuple")
    assert indexes.rebuild(work) == "no index is bloated"
    thin_out(work)
    assert "measured" in indexes.rebuild(work)
    assert indexes.rebuild(work) == "no index is bloated"


def test_what_was_rebuilt_is_not_rebuilt_each_week_because_an_estimate_errs(work, monkeypatch):
    thin_out(work)
    indexes.rebuild(work)
    with work.memory.write() as file:
        file.execute("UPDATE rebuilt SET bytes = ?", [size(work)])
    monkeypatch.setattr(indexes, "ESTIMATED", -1)
    monkeypatch.setattr(indexes, "LEAST_BYTES", -1)
    before = number(work)
    indexes.rebuild(work)
    assert number(work) == before


def test_what_a_failed_rebuild_leaves_is_found_and_dropped(engine, work):
    """A report holds a snapshot, so the rebuild waits for it until it is given up."""
    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM bulky"))
        work.connection.exec_driver_sql("SET statement_timeout = '700ms'")
        with pytest.raises(Exception, match="statement timeout"):
            work.connection.exec_driver_sql("REINDEX INDEX CONCURRENTLY idx_bulky_code")
    ((name, leftover),) = work.query("broken_indexes")
    assert name in ("idx_bulky_code_ccnew", "idx_bulky_code_ccold")  # by how far it came
    assert leftover
    assert indexes.mend(work) == f"dropped the leftover {name}"
    assert work.query("broken_indexes") == []
    assert indexes.mend(work) == "no index is invalid"


def test_a_rebuild_that_runs_out_of_time_tidies_up_behind_itself(engine, work):
    thin_out(work)
    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM bulky"))
        release = threading.Timer(1.2, reader.rollback)
        release.start()
        work.deadline = time.monotonic() + 1
        with pytest.raises(Exception, match="given up"):
            indexes.rebuild(work)
        release.join()
    assert work.query("broken_indexes") == []


def test_an_invalid_index_of_ones_own_is_built_anew(work):
    work.connection.exec_driver_sql("INSERT INTO bulky VALUES (0, md5('1'))")  # the code of row 1: no longer unique
    with pytest.raises(Exception, match="could not create unique index"):
        work.connection.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY uq_bulky_code ON bulky (code)")
    work.connection.exec_driver_sql("DELETE FROM bulky WHERE id = 0")
    assert indexes.mend(work) == "rebuilt the invalid uq_bulky_code"
    assert work.query("broken_indexes") == []


def test_writers_go_on_while_an_index_is_rebuilt(engine, work):
    thin_out(work)
    taken = []
    stop = threading.Event()

    def write():
        row = 1_000_000
        while not stop.is_set():
            begun = time.monotonic()
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO bulky VALUES (:id, 'x')"), {"id": (row := row + 1)})
            taken.append(time.monotonic() - begun)

    writer = threading.Thread(target=write)
    writer.start()
    indexes.rebuild(work)
    stop.set()
    writer.join()
    assert max(taken) < 2
