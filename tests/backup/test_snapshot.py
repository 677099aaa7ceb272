"""A snapshot holds every database and the roles, and a new server can be made of it. On servers of its own."""

import pytest
from databases import administrator, engine_of, make_home, remove_home
from places import spare
from rows import insert
from sqlalchemy import text

from app_schema import migrate
from app_schema.backup.dump import dump
from app_schema.backup.snapshot import snapshot
from app_schema.cli.folding import left_out
from app_schema.embedded import EmbeddedServer
from app_schema.engine import create_engine
from app_schema.errors import BackupUnknown, RestoreError
from app_schema.restore.drill import drill
from app_schema.restore.dump import restore
from app_schema.restore.source import Source
from app_schema.settings import Settings

NO_PASSWORDS = "passwords of roles: this role may not read pg_authid"


@pytest.fixture(scope="module")
def servers():
    """A server with two databases, and a new one that has nothing."""
    homes = make_home(), make_home()
    old, new = (EmbeddedServer(home) for home in homes)
    for server in (old, new):
        server.start()
    with administrator(old.url("postgres")) as connection:
        connection.execute(text("CREATE DATABASE app_schema"))
        connection.execute(text('CREATE DATABASE "an odd/name"'))
        connection.execute(text("CREATE ROLE \"Kim's\" LOGIN PASSWORD 'c4nary'"))
    engine = create_engine(old.url())
    migrate.upgrade(engine)
    with engine.begin() as connection:
        insert(connection, "users")
        connection.execute(text('GRANT SELECT ON workflows TO "Kim\'s"'))
    engine.dispose()
    yield old, new
    for home in homes:
        remove_home(home)


def test_a_new_server_is_made_of_it(servers, folder):
    old, new = servers
    settings = Settings(DATABASE_URL=old.url(), backup_dir=folder.path)
    entry = snapshot(settings, folder)
    assert entry.databases == ("an odd/name", "app_schema", "postgres")
    assert entry.left_out == ()
    source = Source.find(folder, entry.id, "app_schema")
    assert drill(settings, source, old.url(), quick=True).drill.passed
    assert restore(settings, source, new.url()).differences == ()
    with administrator(new.url("postgres")) as connection, administrator(old.url("postgres")) as before:
        password = text("SELECT rolpassword FROM pg_authid WHERE rolname = 'Kim''s'")
        assert connection.scalar(password) == before.scalar(password) is not None
    with spare(new.url(), "odd") as target:
        restore(settings, Source.find(folder, entry.id, "an odd/name"), target)
    with pytest.raises(BackupUnknown, match="holds no database nonsense; name one of an odd/name, app_schema, postgres with --database"):
        Source.find(folder, entry.id, "nonsense")


def test_as_a_role_that_is_no_superuser(servers, folder):
    old, _ = servers
    with administrator(old.url("postgres")) as connection:
        connection.execute(text("DROP ROLE IF EXISTS modest"))
        connection.execute(text("CREATE ROLE modest LOGIN PASSWORD 'c4nary'"))
    url = old.url().set(username="modest", password="c4nary")
    entry = snapshot(Settings(DATABASE_URL=url, backup_dir=folder.path), folder)
    assert entry.status == "partial"
    assert entry.missing == (NO_PASSWORDS,)
    assert "table public.users: no SELECT" in entry.left_out
    tables = sum(line.startswith("table public.") for line in entry.left_out)
    assert tables > 15
    # to people a line for each database, and not one for each table
    assert left_out(entry) == [entry.missing[0], f"database app_schema: {tables} tables of schema public: no SELECT"]
    with engine_of(old.url()).begin() as connection:
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO modest"))
        connection.execute(text("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO modest"))
    entry = snapshot(Settings(DATABASE_URL=url, backup_dir=folder.path), folder, prove=False)
    assert (entry.left_out, entry.status) == ((NO_PASSWORDS,), "complete")  # every database of it is whole
    with administrator(old.url("postgres")) as connection:
        connection.execute(text("GRANT pg_read_all_data TO modest"))
    entry = snapshot(Settings(DATABASE_URL=url, backup_dir=folder.path), folder, prove=False)
    assert (entry.left_out, entry.status) == ((), "complete")


def test_a_dump_names_the_roles_that_a_new_server_lacks(servers, folder):
    old, _ = servers
    third = make_home()
    server = EmbeddedServer(third)
    server.start()
    try:
        settings = Settings(DATABASE_URL=old.url(), backup_dir=folder.path)
        dump(settings, folder)
        with pytest.raises(RestoreError, match=r'create them first: CREATE ROLE "Kim\'s" NOLOGIN; CREATE ROLE "app_readonly" NOLOGIN;'):
            restore(settings, Source.find(folder, "latest", "app_schema"), server.url())
    finally:
        remove_home(third)
