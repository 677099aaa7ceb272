"""What is less than it should be is said; the exit code is 3 for findings only."""

import pytest
from databases import administrator, new_database
from operating import NOON
from sqlalchemy import text

from app_schema import migrate


def text_of(url):
    return url.render_as_string(hide_password=False)


def test_a_database_without_our_schema(run, server):
    with new_database(server) as url:
        done = run("monitor", DATABASE_URL=text_of(url))
    assert done.exit_code == 3
    assert "critical  schema-missing" in done.stdout
    assert "run: app-schema init" in done.stdout


def test_an_older_and_a_newer_revision(engine, run):
    for revision, rule in (("0001", "revision-old"), ("9999", "revision-unknown")):
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        done = run("monitor")
        assert done.exit_code == 3
        assert rule in done.stdout
    assert migrate.head() in done.stdout


@pytest.fixture
def role(server, engine):
    name = f"modest_{engine.url.database}"
    with administrator(server) as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'x'"))
    yield engine.url.set(username=name, password="x")
    with engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {name} CASCADE"))
    with administrator(server) as connection:
        connection.execute(text(f"DROP ROLE {name}"))


def test_a_role_without_pg_monitor(run, role, server):
    with administrator(server) as connection:
        connection.execute(text(f"GRANT app_readonly TO {role.username}"))
    with administrator(role.set(username=server.username, password=server.password)) as connection:
        connection.execute(text("SELECT 1"))
    done = run("monitor", DATABASE_URL=text_of(role))
    if done.exit_code == 1:  # it may not even read alembic_version: one line
        assert done.stderr.count("\n") == 1
    else:
        assert f"GRANT pg_monitor TO {role.username}" in done.stdout
        assert "could not be read" not in done.stdout
        assert done.stdout.count("messages") >= 1


def test_a_role_that_may_read_nothing_says_so(run, role, engine):
    with engine.begin() as connection:
        connection.execute(text(f"GRANT SELECT ON alembic_version TO {role.username}"))
    done = run("monitor", DATABASE_URL=text_of(role))
    assert done.exit_code == 3
    assert "GRANT app_readonly" in done.stdout
    assert f"GRANT pg_monitor TO {role.username}" in done.stdout


def test_statistics_just_reset(engine, look):
    look()
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_stat_reset()"))
    found = look(NOON)
    assert {finding.rule for finding in found.alarming} == {"backup-age"}
    assert [row.span[:5] for row in found.rows("cache")] in (["since"], ["since", "since"])
    assert all(row.use != "unused" for row in found.rows("indexes"))


def test_another_schema_of_the_database(engine, run, monkeypatch):
    assert run("db", "upgrade", "--schema", "tenant").exit_code == 0
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE tenant.only_here (user_id uuid REFERENCES tenant.users)"))
    assert "only_here" not in run("monitor").stdout
    monkeypatch.setenv("APP_SCHEMA_SCHEMA", "tenant")
    assert "only_here (user_id) refers to" in run("monitor").stdout
    assert run("maintain", "daily").exit_code == 0
    assert run("optimize").exit_code == 0
