"""What is less than it should be is said; the exit code is 3 for findings only."""

import json
import re

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
def backed_up(run, monkeypatch, tmp_path):
    """A backup with nothing to find fault with."""
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery staple\n")
    secret.chmod(0o600)
    monkeypatch.setenv("APP_SCHEMA_BACKUP_PASSPHRASE_FILE", str(secret))
    done = run("backup", "dump")
    assert done.exit_code == 0, done.output
    assert run("monitor").stdout.splitlines()[1] == "all is well"
    return True


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
    done = run("monitor", DATABASE_URL=text_of(role))
    assert done.exit_code == 3, done.output
    assert f"GRANT pg_monitor TO {role.username}" in done.stdout
    assert "schema public at " in done.stdout  # app_readonly may read the revision
    assert "could not be read" not in done.stdout
    assert "4 topics could be read in part only: disk, connections, replication, partitions" in done.stdout
    assert "schema-missing" not in done.stdout
    assert done.stdout.count("messages") >= 1


def test_a_role_that_may_read_nothing_says_so(run, role):
    done = run("monitor", DATABASE_URL=text_of(role))
    assert done.exit_code == 3
    assert "the revision is unknown" in done.stdout
    assert "GRANT SELECT ON public.alembic_version" in " ".join(done.stdout.replace('"', "").split())
    assert re.search(r"GRANT SELECT ON .*logs_default", done.stdout)
    assert f"GRANT pg_monitor TO {role.username}" in done.stdout


def test_what_a_role_may_not_see_is_not_read_in_any_format(engine, run, role):
    hidden = {"disk", "connections", "replication", "partitions"}
    with engine.connect() as other:
        other.execute(text("SELECT 1"))
        gauges = run("monitor", "--format", "prometheus", DATABASE_URL=text_of(role)).stdout
    unread = set(re.findall(r'app_schema_topic_read\{.*topic="(\w+)"\} 0\.0', gauges))
    assert unread == hidden
    assert "app_schema_longest_transaction_seconds" not in gauges  # that of another role may be older
    document = json.loads(run("monitor", "--format", "json", DATABASE_URL=text_of(role)).stdout)
    assert set(document["unread"]) == {name for name, topic in document["topics"].items() if not topic["read"]} == hidden
    page = run("monitor", "--format", "html", DATABASE_URL=text_of(role)).stdout
    assert page.count("읽지 못함 (read in part)") == len(hidden)
    table = run("monitor", DATABASE_URL=text_of(role)).stdout
    assert "Connections (read in part)" in table
    boxes = run("monitor", "--checklist", "daily", DATABASE_URL=text_of(role)).stdout
    (disk,) = [line for line in boxes.splitlines() if "디스크" in line]
    assert disk.startswith("- [ ] ")
    assert (
        f"read in part: the data directory is hidden; the owner of the server can show it with: GRANT pg_monitor TO {role.username}" in disk
    )
    assert not run("monitor", DATABASE_URL=text_of(role)).stdout.count("topic-unread")  # it is no alarm: it was set up so


def test_what_cannot_be_looked_at_is_not_well(engine, run, backed_up):
    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE messages, alembic_version IN ACCESS EXCLUSIVE MODE"))
        done = run("monitor")
        page = run("monitor", "--format", "html")
        gauges = run("monitor", "--format", "prometheus").stdout
    assert done.exit_code == page.exit_code == 3
    assert backed_up
    assert done.stdout.splitlines()[1].startswith("1 thing to see to; ")  # the revision
    assert "topics could not be read: " in done.stdout.splitlines()[1]
    assert "topic-unread" in done.stdout
    assert "run: psql: SELECT pid" in done.stdout
    assert "revision-unread" in done.stdout
    assert "읽지 못한 항목" in page.stdout
    assert 'topic="tables"} 0.0' in gauges.replace('schema="public",', "")


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
