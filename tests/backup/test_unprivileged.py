"""A role with CREATEDB and CREATEROLE only restores, drills and drops while autovacuum works in the database."""

import time
from contextlib import ExitStack

import pytest
from databases import new_database
from debian import debian_cluster
from places import databases as databases_of
from places import drop, made, one, run, spare

from app_schema import databases
from app_schema.backup.dump import dump
from app_schema.backup.folder import Folder
from app_schema.engine import administer, connect_to
from app_schema.errors import RestoreDiffers, RestoreError
from app_schema.restore import drill as drilling
from app_schema.restore import dump as restoring
from app_schema.restore import place
from app_schema.restore.source import Source
from app_schema.settings import Settings
from app_schema.testing import run as kit

ROLE = "app_schema_test_limited"
# Autovacuum comes at once and stays for minutes, since it sleeps after each page.
OPTIONS = (
    *("autovacuum_vacuum_insert_threshold = 0", "autovacuum_vacuum_insert_scale_factor = 0", "autovacuum_analyze_threshold = 0"),
    *("autovacuum_analyze_scale_factor = 0", "autovacuum_vacuum_cost_delay = 100", "autovacuum_vacuum_cost_limit = 1"),
)
BUSY = (
    f"CREATE TABLE busy (id int, filler text) WITH ({', '.join(OPTIONS)})",
    "INSERT INTO busy SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n",
)
WORKS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = '{}'"
KEPT = "SELECT array_agg(datname) FROM pg_database WHERE datname LIKE 'app\\_schema\\_restoring\\_%'"


@pytest.fixture(scope="module")
def server():
    """A server of the module's own, whose autovacuum looks for work every second."""
    with debian_cluster() as cluster:
        cluster.execute(
            "ALTER SYSTEM SET autovacuum_naptime = '1s'",
            "SELECT pg_reload_conf()",
            f"CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE PASSWORD 'c4nary'",
        )
        yield cluster.url


@pytest.fixture
def limited(server):
    """A database of the limited role, as that role's URL."""
    with new_database(server, options=f"OWNER {ROLE}") as url:
        own = url.set(username=ROLE, password="c4nary")
        run(own, *BUSY)
        yield own


@pytest.fixture
def settings(limited, tmp_path):
    return Settings(DATABASE_URL=limited, backup_dir=made(tmp_path).path)


@pytest.fixture
def source(settings, limited):
    folder = Folder.at(settings.backup_dir)
    return Source.find(folder, dump(settings, folder).id, limited.database)


def wait_for_autovacuum(server, name):
    deadline = time.monotonic() + 120
    while not one(server, WORKS.format(name)):
        assert time.monotonic() < deadline, "autovacuum did not come"


@pytest.fixture
def awaited(server, monkeypatch):
    """Comparisons begin once autovacuum works in the database that was restored."""
    real = restoring.look

    def look(url, **options):
        wait_for_autovacuum(server, url.database)
        return real(url, **options)

    monkeypatch.setattr(restoring, "look", look)


@pytest.mark.usefixtures("awaited")
def test_a_drill_leaves_nothing(settings, source, limited, server):
    done = drilling.drill(settings, source, limited, quick=True)
    assert done.drill.passed, done
    assert one(server, KEPT) is None


@pytest.mark.usefixtures("awaited")
def test_a_restore_takes_its_name_and_the_place_of_another(settings, source, limited, server, monkeypatch):
    monkeypatch.setattr(restoring.proof, "compare", lambda *_: ())  # what is compared is not what is tried here
    with spare(server, f"{limited.database}_new") as new:
        assert restoring.restore(settings, source, limited.set(database=new.database)).database == new.database
    wait_for_autovacuum(server, limited.database)
    done = restoring.restore(settings, source, limited, replace_it=True)
    try:
        assert one(limited, "SELECT count(*) FROM busy") == 20000
    finally:
        with administer(limited) as connection:
            databases.drop(connection, done.old)
    assert one(server, KEPT) is None


def test_a_role_whose_sessions_only_read(settings, source, limited, server):
    """A restore writes all the same; what the role or the server says by default is for the application."""
    run(server, f"ALTER ROLE {ROLE} SET default_transaction_read_only = on")
    try:
        with spare(server, f"{limited.database}_new") as new:
            assert restoring.restore(settings, source, limited.set(database=new.database)).rows == 20000
        assert drilling.drill(settings, source, limited, quick=True).drill.passed
    finally:
        run(server, f"ALTER ROLE {ROLE} RESET default_transaction_read_only")


def test_what_a_killed_restore_left_is_swept(limited, server):
    name = "app_schema_restoring_0123456789ab"
    with administer(limited) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    run(limited.set(database=name), *BUSY)
    wait_for_autovacuum(server, name)
    with administer(limited) as connection:
        place.sweep(connection)
    assert one(server, KEPT) is None


def test_a_session_of_a_superuser_is_named(limited, server):
    """It cannot be ended by this role; the database that is left behind is said."""
    said = r"app_schema_restoring_\w+ could not be dropped: .*superuser.*; drop it: DROP DATABASE"
    with ExitStack() as opened, pytest.raises(RestoreError, match=said), place.beside(limited, None) as there:
        opened.enter_context(connect_to(server.set(database=there.name)))
    with administer(limited) as administrator:
        place.sweep(administrator)
    assert one(server, KEPT) is None


def test_the_test_kit_drops_its_databases(limited, server):
    with kit.begin(limited.set(database="postgres"), Settings(DATABASE_URL=limited)) as working:
        database = working.create()
        run(limited.set(database=database.name), *BUSY)
        wait_for_autovacuum(server, database.name)
        working.drop(database)
        assert not one(server, f"SELECT count(*) FROM pg_database WHERE datname = '{database.name}'")


@pytest.fixture
def neighbour(server, limited):
    """A table that another role owns in the same schema, and which the limited role may read."""
    run(server, "CREATE ROLE app_schema_test_neighbour")
    run(
        server.set(database=limited.database),
        "CREATE TABLE beside (id int PRIMARY KEY)",
        "INSERT INTO beside VALUES (1)",
        "ALTER TABLE beside OWNER TO app_schema_test_neighbour",
        f"GRANT SELECT ON beside TO {ROLE}",
    )
    yield
    run(server.set(database=limited.database), "DROP TABLE beside")
    run(server, "DROP ROLE app_schema_test_neighbour")


@pytest.mark.usefixtures("neighbour")
def test_a_drill_beside_a_table_of_another_role(settings, source, limited):
    """The limited role cannot give a table away, so owners are not compared; all else is."""
    done = drilling.drill(settings, source, limited)
    assert done.drill.passed, done
    assert "schema public: owners were not compared, since a role that is no superuser restores everything as its own" in done.notes


@pytest.mark.usefixtures("neighbour")
def test_a_restore_says_whose_owner_changed(settings, source, limited, server):
    with pytest.raises(RestoreDiffers, match=f"the owner of table beside is .*, and role app_schema_test_neighbour in {limited.database};"):
        restoring.restore(settings, source, limited, replace_it=True)
    drop(server, *databases_of(server, f"{limited.database}_restored_"))


@pytest.mark.usefixtures("neighbour")
def test_a_superuser_restores_owners(settings, source, limited, server):
    superuser = server.set(database=limited.database)
    done = drilling.drill(settings, source, superuser)
    assert done.drill.passed, done
    assert not any("owners" in note for note in done.notes)
