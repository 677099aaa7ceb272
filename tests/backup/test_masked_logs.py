"""What a server notes of its statements tells nothing of the key of a masked copy: with it, every address is found again by trying."""

import gzip
import secrets
from contextlib import contextmanager

import pytest
from databases import administrator, engine_of, new_database
from debian import debian_cluster
from folders import place
from places import made
from rows import insert
from sqlalchemy import text

from app_schema import migrate
from app_schema.backup.masked import SHA256_BLOCK, masked
from app_schema.embedded import EmbeddedServer
from app_schema.models.password import PasswordHash
from app_schema.settings import Settings

WATCHING = {
    "shared_preload_libraries": "pg_stat_statements, auto_explain",
    "pg_stat_statements.track_utility": "on",
    "pg_stat_statements.track": "all",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_verbose": "on",
    "auto_explain.log_settings": "on",
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_min_messages": "debug5",
}


def watch(url):
    with administrator(url) as connection:
        for name, value in WATCHING.items():
            values = ", ".join(f"'{each}'" for each in value.split(", "))
            if "." in name:  # a library that is not loaded yet knows nothing of it
                connection.execute(text(f"LOAD '{name.partition('.')[0]}'"))
            connection.execute(text(f"ALTER SYSTEM SET {name} = {values}"))


@contextmanager
def debian():
    with debian_cluster() as cluster:
        cluster.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', 'auto_explain'")
        cluster.control("restart")
        watch(cluster.url)
        cluster.control("restart")
        yield cluster.url, cluster.log


@contextmanager
def wheel():
    with place("log-") as home:
        server = EmbeddedServer(home / "server")
        server.start()
        with administrator(server.url()) as connection:
            connection.execute(text("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', 'auto_explain'"))
        server.stop()
        server.start()
        watch(server.url())
        server.stop()
        server.start()
        try:
            yield server.url(), server.log
        finally:
            server.stop()


@pytest.mark.parametrize("server", [debian, wheel])
def test_no_log_holds_the_key_or_the_hash(server, tmp_path, monkeypatch):
    key, hashed = bytes(range(32)), PasswordHash.of("c4nary", 10)
    monkeypatch.setattr(secrets, "token_bytes", lambda size=32: key[:size])
    monkeypatch.setattr(PasswordHash, "of", lambda *_: hashed)
    folder = made(tmp_path)
    padded = key.ljust(SHA256_BLOCK, b"\0")
    secret = {
        "key": key.hex(),
        "inner": bytes(byte ^ 0x36 for byte in padded).hex(),
        "outer": bytes(byte ^ 0x5C for byte in padded).hex(),
        "hash": str(hashed),
    }
    with server() as (address, log), new_database(address) as url:
        with engine_of(url).connect() as connection:
            migrate.upgrade(connection)
        with engine_of(url).begin() as connection:
            connection.execute(text("CREATE EXTENSION pg_stat_statements"))
            insert(connection, "users", email="somebody@example.kr", password_hash=str(PasswordHash("$2b$12$" + "a" * 53)))
        copy = masked(Settings(DATABASE_URL=url, backup_dir=folder.path), folder)
        script = gzip.decompress((folder.path / copy.entry.parts[0].file).read_bytes()).decode()
        assert str(hashed) in script  # the attack would have found this key and this hash
        assert "somebody@example.kr" not in script
        with engine_of(url).connect() as connection:
            noted = connection.scalars(text("SELECT query FROM pg_stat_statements")).all()
            known = connection.scalars(text("SELECT setting FROM pg_settings UNION ALL SELECT query FROM pg_stat_activity")).all()
        places = {"pg_stat_statements": "\n".join(noted), "another session": "\n".join(known), "log": log.read_text(errors="replace")}
    assert "COPY (SELECT" in places["pg_stat_statements"]
    assert "COPY (SELECT" in places["log"]
    assert [(where, name) for where, content in places.items() for name, value in secret.items() if value in content] == []
