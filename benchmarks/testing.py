"""Throwaway sessions and databases against none, against bare SQL, and against pytest-postgresql."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import text

from app_schema.embedded import EmbeddedServer
from app_schema.engine import administer
from app_schema.settings import Settings
from app_schema.testing import run, template
from benchmarks.figure import Figure, medians

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = 100
ROUNDS = 3
INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
# Times every test with its fixtures, set up and torn down, by the function that it is.
CONFTEST = """
import json, time, pytest
from collections import defaultdict
from pytest_postgresql import factories

def load(**where):
    from sqlalchemy import URL, NullPool
    from app_schema import migrate
    from app_schema.engine import create_engine
    query = {"host": where["host"], "port": str(where["port"])}
    url = URL.create("postgresql+psycopg", where["user"], where["password"], database=where["dbname"], query=query)
    migrate.upgrade(create_engine(url, poolclass=NullPool))

postgresql_migrated = factories.postgresql_noproc(load=[load])
postgresql = factories.postgresql("postgresql_migrated")
taken = defaultdict(list)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    begun = time.perf_counter()
    done = yield
    taken[item.originalname].append(time.perf_counter() - begun)
    return done

def pytest_sessionfinish():
    with open("taken.json", "w") as file:
        json.dump(taken, file)
"""
# One after the other, so that a drift of the machine's speed meets them all; a database is not made between a session and
# the empty test that it is compared with, since that leaves the server busy.
SIDE_BY_SIDE = """
import pytest
from sqlalchemy import text

@pytest.mark.parametrize("turn", range(TESTS), scope="class")
class TestSessions:
    def test_empty(self, turn):
        pass
    def test_session(self, turn, app_schema_session):
        assert app_schema_session.scalar(text("SELECT count(*) FROM users")) == 0

@pytest.mark.parametrize("turn", range(TESTS), scope="class")
class TestDatabases:
    def test_postgresql(self, turn, postgresql):
        assert postgresql.execute("SELECT count(*) FROM users").fetchone() == (0,)
"""
FIRST_TEST = """
import time
def test_first(app_schema_session):
    with open("reached", "w") as file:
        file.write(str(time.time()))
"""
# What stands between any process and its first test on this server, ours or not.
BARE = """
import os, time
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
def test_first():
    with Session(create_engine(os.environ["BARE_URL"])) as session:
        session.execute(text("SELECT 1"))
        with open("reached", "w") as file:
            file.write(str(time.time()))
"""


def pytest(folder: Path, server: EmbeddedServer, *arguments: str) -> None:
    """Run it in a folder, as a project of a user's own would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "app_schema.testing.plugin", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"APP_SCHEMA_HOME": str(server.home), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # Faker's alone takes half a second
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout)


def side_by_side(folder: Path, server: EmbeddedServer) -> dict[str, float]:
    """Return the median seconds of a test of each kind."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(SIDE_BY_SIDE.replace("TESTS", str(TESTS)))
    url = server.url("postgres")
    where = ("host", url.query["host"]), ("user", url.username), ("password", url.password)
    pytest(folder, server, "-p", "pytest_postgresql.plugin", *(f"--postgresql-{name}={value}" for name, value in where))
    taken = json.loads((folder / "taken.json").read_text())
    return {name: median(times) for name, times in taken.items()}


def to_the_first_test(folder: Path, server: EmbeddedServer) -> float:
    """Return the seconds from the start of a process to the body of its first test."""
    begun = time.time()
    pytest(folder, server)
    return float((folder / "reached").read_text()) - begun


def on_a_new_machine(folder: Path, home: Path) -> tuple[float, float]:
    """Return the seconds of the first process of all, and of the second."""
    server = EmbeddedServer(home)
    try:
        return to_the_first_test(folder, server), to_the_first_test(folder, server)
    finally:
        server.delete()


def remove_templates(server: EmbeddedServer) -> None:
    """Leave the server as it was before the first run."""
    with administer(server.url("postgres")) as connection:
        for name in connection.scalars(text("SELECT datname FROM pg_database WHERE datname LIKE 'app\\_schema\\_template\\_%'")).all():
            template.remove(connection, name)


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Measure the test kit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text(INI)
        taken = side_by_side(folder, server)
        more = 1000 * (taken["test_session"] - taken["test_empty"])
        yield Figure("app_schema_session with a query, less an empty test, ms", "1 ms", more, 1, 1)
        yield Figure(
            "a test on app_schema_session, s", "pytest-postgresql, template", taken["test_session"], taken["test_postgresql"], 1 / 30
        )
        (folder / "conftest.py").unlink()
        begun, warm, floor = [], [], []
        os.environ["BARE_URL"] = server.url("postgres").render_as_string(hide_password=False)
        for _ in range(ROUNDS):
            (folder / "test_it.py").write_text(FIRST_TEST)
            remove_templates(server)
            begun.append(to_the_first_test(folder, server))
            warm.append(to_the_first_test(folder, server))
            (folder / "test_it.py").write_text(BARE)
            floor.append(to_the_first_test(folder, server))
        yield Figure("second process to its first test, s", "the first, which builds", median(warm), median(begun), 1 / 3)
        yield Figure("the same", "a bare test on SQLAlchemy", median(warm), median(floor), 1.5)
        (folder / "test_it.py").write_text(FIRST_TEST)
        first, second = zip(*(on_a_new_machine(folder, server.home.with_name("new")) for _ in range(ROUNDS)), strict=True)
        yield Figure("the same", "the first of all, which makes the server too", median(second), median(first), 1 / 3)
    with run.begin(server.url("postgres"), Settings.from_env()) as kit, administer(server.url("postgres")) as bare:
        source = kit.template()
        names = (f"bench_clone_{number}" for number in count(1))
        ours, other = medians(kit.create, lambda: bare.exec_driver_sql(f"CREATE DATABASE {next(names)} TEMPLATE {source}"))
        yield Figure("app_schema_database, creation, s", "bare CREATE DATABASE … TEMPLATE", ours, other, 1.3)
