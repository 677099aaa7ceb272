"""What the plugin refuses, what it keeps, and that it gets on with others."""

import re
import subprocess
import sys

import pytest
from sqlalchemy import text

from app_schema.errors import AppSchemaError, SettingsError
from app_schema.settings import Settings
from app_schema.testing import server

TEST = "def test_it(app_schema_session):\n    pass\ndef test_other(app_schema_session):\n    pass\n"
NOBODY = "postgresql://u:c4nary@127.0.0.1:1/db"


UNMARKED = "not marked disposable; set APP_SCHEMA_DISPOSABLE=1"


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, UNMARKED),
        ({"APP_SCHEMA_DISPOSABLE": "0"}, UNMARKED),
        ({"APP_SCHEMA_DISPOSABLE": "1", "APP_SCHEMA_PROTECT": "x, db"}, "names db, which APP_SCHEMA_PROTECT"),
        ({"APP_SCHEMA_DISPOSABLE": "perhaps"}, "APP_SCHEMA_DISPOSABLE"),
        ({"DATABASE_URL": "mysql://u:c4nary@h/db"}, "DATABASE_URL must begin with postgresql://"),
        ({"DATABASE_URL": "", "APP_SCHEMA_HOME": "/proc/nowhere"}, "embedded server cannot use"),
    ],
)
def test_what_may_not_be_used(monkeypatch, environment, reason):
    for name, value in ({"DATABASE_URL": NOBODY} | environment).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AppSchemaError, match=reason) as refused:
        server.choose(Settings.from_env())
    assert "\n" not in str(refused.value)
    assert "c4nary" not in str(refused.value)


@pytest.mark.parametrize(
    ("workers", "environment", "reason"),
    [
        ([], {}, UNMARKED),
        (["-n", "2"], {}, UNMARKED),
        ([], {"APP_SCHEMA_DISPOSABLE": "1"}, "cannot connect to postgresql://u:***@127.0.0.1:1/postgres"),
    ],
    ids=["unmarked", "unmarked-xdist", "nobody"],
)
def test_a_refusal_ends_the_run_in_one_line(same, workers, environment, reason):
    same.write(TEST)
    output = same.run(*workers, expected=2, DATABASE_URL=NOBODY, **environment)
    assert len([line for line in output.splitlines() if reason in line]) == 1, output
    assert not {"c4nary", "Traceback", "crashed"} & set(output.split())


@pytest.mark.parametrize(("module", "name", "value"), [("run", "OLDEST", "99"), ("server", "EmbeddedServer", "missing")])
def test_a_server_that_is_too_old_or_missing_is_one_line(same, module, name, value):
    same.write(
        TEST,
        f"""
from app_schema.embedded.binaries import Binaries
from app_schema.errors import EmbeddedServerError
from app_schema.testing import {module}
import pathlib, tempfile
def missing(home):
    from app_schema.embedded import EmbeddedServer
    return EmbeddedServer(home, binaries=pathlib.Path("/nowhere"))
{module}.{name} = {value}
""",
    )
    output = same.run(expected=2, **({"APP_SCHEMA_HOME": str(same.folder / "home")} if value == "missing" else {}))
    assert output.count("app_schema: ") == 1, output
    assert "Traceback" not in output


def test_a_user_who_may_not_make_databases_is_one_line(same):
    same.write(TEST)
    role = f"modest_{same.folder.name}"
    same.connection.execute(text(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'c4nary'"))
    try:
        url = same.server.set(username=role, password="c4nary").render_as_string(hide_password=False)
        output = same.run(expected=2, DATABASE_URL=url, APP_SCHEMA_DISPOSABLE="1")
    finally:
        same.connection.execute(text(f'DROP ROLE "{role}"'))
    assert output.count("app_schema: ") == 1, output
    assert "CREATEDB" in output
    assert not {"Traceback", "c4nary"} & set(output.split())


def test_without_faker_only_what_needs_it_fails(same):
    same.write(
        "def test_seeded(app_schema_seeded): pass\ndef test_it(app_schema_session): pass",
        "import app_schema.testing.plugin as plugin\nplugin.find_spec = lambda name: None",
    )
    output = same.run(expected=1)
    assert "1 passed, 1 error" in output
    assert "app-schema[seeds]" in output
    assert "Traceback" not in output


FAILING = """
from sqlalchemy import text
def insert(connection): connection.execute(text("INSERT INTO users (email, name) VALUES ('kept@example.kr', 'x')"))
def test_database(app_schema_database):
    with app_schema_database.engine.begin() as connection: insert(connection)
    assert 0
def test_schema(app_schema_schema):
    with app_schema_schema.engine.begin() as connection: insert(connection)
    assert 0
def test_session(app_schema_session):
    insert(app_schema_session)
    assert 0
def test_async_session(app_schema_async_session):
    import asyncio
    asyncio.run(app_schema_async_session.run_sync(insert))
    assert 0
def test_next(app_schema_session):
    assert app_schema_session.scalar(text("SELECT count(*) FROM users")) == 0
"""


def kept_by(project, *workers):
    """The commands that a run of failing tests prints."""
    output = project.run("--app-schema-keep", *workers, expected=1)
    assert "1 passed" in output
    assert project.server.password not in output
    commands = re.findall(r"^test_it\.py::test_\w+: (.*psql .*)$", output, re.MULTILINE)
    assert len(commands) == 4
    return commands


def test_a_failed_test_keeps_its_database_on_request(same):
    same.write(FAILING)
    commands = [*kept_by(same), *kept_by(same, "-n", "2")]
    for command in commands:  # as a person would paste it
        asked = ["/bin/sh", "-c", command + " --no-psqlrc --tuples-only --no-align --command 'SELECT email FROM users'"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert done.stdout == "kept@example.kr\n", done.stderr
    same.write(TEST)
    same.run()  # the next run leaves them alone
    kept = set(re.findall(r"app_schema_test_[0-9a-f]{8}_\d+", " ".join(commands)))
    for name in kept:
        assert same.databases[name][1].startswith("app_schema: kept until ")
        same.connection.execute(text(f"COMMENT ON DATABASE {name} IS 'app_schema: kept until 2001-01-01T00:00:00+00:00'"))
    for _ in range(5):  # while a run beside it sweeps, a run leaves that to it
        same.run()
        if not kept & same.databases.keys():
            break
    assert not kept & same.databases.keys()


BESIDE = """
import pytest
from pytest_postgresql import factories
postgresql = factories.postgresql("postgresql_noproc")
@pytest.fixture(scope="session")
def app_schema_server(postgresql_noproc):
    return postgresql_noproc
"""


def test_beside_pytest_postgresql(same):
    same.write("def test_it(app_schema_session, postgresql):\n    assert postgresql.info.dbname != 'app_schema'", BESIDE)
    host, user, password = same.server.query["host"], same.server.username, same.server.password
    arguments = [f"--postgresql-host={host}", f"--postgresql-user={user}", f"--postgresql-password={password}"]
    same.run(*arguments, "-n", "2", DATABASE_URL=NOBODY)  # the fixture names the server, so the variable is not asked


def test_without_other_plugins(same):
    same.write(TEST)
    (same.folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    same.run("-p", "no:pytest_postgresql", "-p", "no:xdist", "-p", "no:asyncio")


@pytest.mark.parametrize("returned", [5, "mysql://h/db", "postgresql://h"])
def test_a_fixture_that_names_no_server_is_told_so(returned):
    with pytest.raises(SettingsError, match="the fixture app_schema_server"):
        server.url_of(returned)


def test_the_plugin_is_light():
    """Every run of pytest loads it, wherever the package is installed."""
    code = "import sys, pytest; before = set(sys.modules); import app_schema.testing.plugin; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["app_schema", "app_schema.testing", "app_schema.testing.plugin", "app_schema.testing.report"]
