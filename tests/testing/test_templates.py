"""One template for all workers and runs, never half-built, rebuilt when it must be, and nothing left behind."""

import os
import signal
import time

import pytest
from sqlalchemy import text

from app_schema.testing import lock, template

TESTS = """
import pytest
@pytest.mark.parametrize("turn", range(4))
def test_it(app_schema_database, turn):
    pass
"""
SLOW = """
import os, time
if "SLOW" in os.environ:
    time.sleep(60)
"""


@pytest.fixture
def create(apart):
    """Make databases as somebody else's run would, and drop what is left of them."""
    made = []

    def create(name):
        apart.execute(text(f"CREATE DATABASE {name}"))
        made.append(name)
        return name

    yield create
    for name in made:
        template.remove(apart, name)


def test_workers_and_runs_share_a_template_until_a_migration_changes(project):
    project.write(TESTS)
    project.run("-n", "2")
    first = project.template
    built = project.databases[first]
    assert built[1] == "app_schema: complete"
    project.run()
    assert project.databases[first] == built  # the same oid: not built again
    project.change_migrations()
    project.run()
    assert project.template != first
    assert project.template in project.databases
    assert first not in project.databases  # nobody uses it any more


def test_a_builder_that_is_killed_leaves_nothing_that_is_taken_for_a_template(project):
    project.write(TESTS)
    project.change_migrations(SLOW)
    building = project.template.replace("template", "building")
    process = project.start(SLOW="1")
    deadline = time.monotonic() + 30
    while building not in project.databases:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert project.template not in project.databases
    project.run()
    assert project.template in project.databases
    assert building not in project.databases


def test_a_template_that_was_not_marked_is_built_again(project, create):
    project.write(TESTS)
    create(project.template)  # as a builder leaves it that is killed between renaming and marking
    oid, _ = project.databases[project.template]
    project.run()
    assert project.databases[project.template][0] != oid
    assert project.databases[project.template][1] == "app_schema: complete"


def test_leftovers_of_dead_runs_go_and_those_of_the_living_stay(project, create):
    project.write(TESTS)
    dead = {create("app_schema_test_dead0001_1"), create("app_schema_building_dead000000000002")}
    strangers = {create("app_schema_test_of_mine"), create("app_schema_testing")}
    living, protected = create("app_schema_test_a11fe001_1"), create("app_schema_test_dead0003_1")
    with lock.alone(project.connection, "app_schema_test_a11fe001_"):
        project.run(APP_SCHEMA_PROTECT=f"production,{protected}")
    left = project.databases.keys()
    assert not dead & left
    assert {living, protected, *strangers} <= left


def test_nothing_of_a_run_is_left(same):
    same.write("def test_it(app_schema_session, app_schema_schema, app_schema_database):\n    print('N', app_schema_database.name)")
    name = next(line for line in same.run("-s").splitlines() if "N app_schema_test_" in line).split("N ")[1]
    prefix = name.rpartition("_")[0]
    assert not [other for other in same.databases if other.startswith(prefix)]


def test_a_run_begins_with_the_spare_copy_that_the_last_one_left(project):
    project.write(
        "from sqlalchemy import text\ndef test_it(app_schema_session):\n"
        "    print('OID', app_schema_session.scalar(text('SELECT oid FROM pg_database WHERE datname = current_database()')))\n"
        "    app_schema_session.execute(text('SELECT count(*) FROM users'))"
    )
    project.run()
    spare = project.template.replace("template", "spare")
    left, _ = project.databases[spare]
    assert f"OID {left}" in project.run("-s").splitlines()
    assert project.databases[spare][0] != left  # another, that no test has seen
    project.change_migrations()
    project.run()
    assert spare not in project.databases
