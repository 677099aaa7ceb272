"""The schedule fits its server, and each job runs under a role that has the rights the schedule names, and no others."""

import os
import re
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from databases import administrator, make_home, remove_home
from debian import debian_cluster
from sqlalchemy import NullPool, text

from app_schema import migrate
from app_schema.cli import main
from app_schema.embedded import EmbeddedServer
from app_schema.engine import connect_to, create_engine
from app_schema.physical import slot
from app_schema.schedule.jobs import JOBS
from app_schema.schedule.rights import OWNER
from app_schema.schedule.server import ask
from app_schema.settings import Settings

CURE = re.compile(r"ALTER ROLE \"?\w+\"? \w+|GRANT \"?\w+\"? TO \"?\w+\"?")
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
BUDGET = ["--budget", "30"]


@pytest.fixture(scope="module")
def cluster():
    """A server with our schema, whose tables belong to a role that is no superuser."""
    home = make_home()
    server = EmbeddedServer(home)
    server.start()
    try:
        with administrator(server.url("postgres")) as connection:
            connection.execute(text("CREATE ROLE owner_of_all LOGIN CREATEROLE PASSWORD 'x'"))
            connection.execute(text("CREATE DATABASE ours OWNER owner_of_all"))
        owner = server.url("ours").set(username="owner_of_all", password="x")
        migrate.upgrade(create_engine(owner, schema="public", poolclass=NullPool))
        yield server.url("ours")
    finally:
        remove_home(home)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """What all jobs share: the home and the backups of one machine."""
    return tmp_path_factory.mktemp("machine") / "home"


@pytest.fixture
def role(cluster):
    """Make a role that may connect and nothing else, and with it a URL."""
    names = []

    def make(name):
        names.append(name)
        with administrator(cluster) as connection:
            connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'x'"))
        return cluster.set(username=name, password="x")

    yield make
    with administrator(cluster) as connection:
        for name in names:
            connection.execute(text(f"DROP ROLE {name}"))


def run(place, url, *arguments):
    environment = {"DATABASE_URL": url, "APP_SCHEMA_HOME": str(place), "APP_SCHEMA_BACKUP_DIR": None, "DATABASE_READ_URL": None}
    return CliRunner().invoke(main, arguments, env=environment)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_each_job_under_a_role_with_only_its_rights(job, cluster, place, role):
    """In the order of the table: an incremental adds to the base, the drill takes the dump."""
    if not job.rights:
        if job.name == "verify":
            run(place, cluster.render_as_string(hide_password=False), "backup", "dump")
        done = run(place, NOWHERE, *job.command.split())
        assert done.exit_code == 0, done.output  # it asks no server
        return
    url = role(f"role_of_{job.name}")
    settings = Settings(DATABASE_URL=url)
    lacking = ask(settings).lacking[job.name]
    said = run(place, url.render_as_string(hide_password=False), "schedule", "cron").stdout
    assert f"# Missing for {job.name} (role {url.username}): {lacking}\n" in said
    if OWNER in job.rights:
        assert "put owner_of_all into its DATABASE_URL" in lacking
        url = url.set(username="owner_of_all")
        settings = Settings(DATABASE_URL=url)
        lacking = ask(settings).lacking.get(job.name, "")
    cures = CURE.findall(lacking)
    assert len(cures) == len(set(job.rights) - {OWNER}), lacking
    with administrator(cluster) as connection:
        for cure in cures:
            connection.execute(text(cure))
        assert not connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = :name"), {"name": url.username})
    assert job.name not in ask(settings).lacking
    text_of = url.render_as_string(hide_password=False)
    superuser = cluster.render_as_string(hide_password=False)
    before = {"incremental": ["base"], "monthly": ["dump"], "monitor": ["dump"]}.get(job.name, [])
    for kind in before:
        assert run(place, superuser, "backup", kind).exit_code == 0
    if job.name == "wal":
        receives(place, url, cluster)
        return
    done = run(place, text_of, *job.command.split(), *(BUDGET if job.command.startswith("maintain") else []))
    if job.name == "monitor":  # nothing is hidden from it
        assert "could not be read" not in done.output
        assert "read in part" not in done.output
    else:
        assert done.exit_code == 0, done.output
    if job.name in ("dump", "snapshot"):
        listed = run(place, text_of, "backup", "list", "--json").stdout
        assert '"status": "partial"' not in listed


def test_a_table_of_another_role_beside_ours_stops_no_upkeep(cluster, place):
    """Not even one that asks for VACUUM, ANALYZE and REINDEX: that is its owner's."""
    owner = cluster.set(username="owner_of_all", password="x")
    with connect_to(cluster, isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE TABLE other (i int) WITH (autovacuum_enabled = off)"))
        connection.execute(text("INSERT INTO other SELECT generate_series(1, 90000)"))
        connection.execute(text("CREATE INDEX ON other (i)"))
        connection.execute(text("DELETE FROM other WHERE i % 10 <> 0"))
        try:
            lacking = ask(Settings(DATABASE_URL=owner)).lacking
            assert not {"daily", "weekly"} & set(lacking)
            assert "pg_read_all_data" not in lacking.get("monitor", "")
            for routine in ("daily", "weekly"):
                done = run(place, owner.render_as_string(hide_password=False), "maintain", routine, *BUDGET)
                assert (done.exit_code, re.search(r"\bother\b", done.output)) == (0, None), done.output
        finally:
            connection.execute(text("DROP TABLE other"))


def wait(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def receives(place, url, cluster):
    command = [sys.executable, "-c", "from app_schema.cli import main; main()", "backup", "wal"]
    environment = os.environ | {"DATABASE_URL": url.render_as_string(hide_password=False), "APP_SCHEMA_HOME": str(place)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        with connect_to(cluster) as connection:
            wait(lambda: process.poll() is not None or slot.look(connection).active)
            assert process.poll() is None, process.communicate()[0]
            connection.rollback()
    finally:
        process.terminate()
        process.communicate()
    with administrator(cluster) as connection:
        wait(lambda: not connection.scalar(text("SELECT active FROM pg_replication_slots")))
        connection.execute(text("SELECT pg_drop_replication_slot('app_schema')"))


def test_the_rights_are_said_for_each_job(place):
    said = run(place, NOWHERE, "schedule", "cron").stdout
    assert re.search(r"^# base: .*; role: REPLICATION, and a line for replication in pg_hba.conf$", said, re.MULTILINE)
    assert re.search(r"^# prune: .*; no database$", said, re.MULTILINE)
    assert "# The server was not asked, so every job is here: cannot connect to" in said
    assert "# incremental: " in said
    assert "No channel is set" in said
    assert "SUPERUSER" not in said.upper()


def test_postgresql_15_has_no_incremental(tmp_path):
    with debian_cluster() as debian:
        url = debian.url.render_as_string(hide_password=False)
        said = run(tmp_path, url, "schedule", "cron").stdout
        units = tmp_path / "units"
        units.mkdir()
        (units / "app-schema-incremental.timer").touch()  # of a schedule that was written before
        written = run(tmp_path, url, "schedule", "systemd", "--output", str(units))
    assert "# Left out: incremental, which PostgreSQL 15 does not have (17 has)." in said
    assert "backup incremental" not in said
    assert "backup base" in said
    assert not (units / "app-schema-incremental.service").exists()
    assert "systemctl disable --now app-schema-incremental.timer" in written.stdout
    assert "app-schema-incremental.timer" not in written.stdout.splitlines()[-1]
