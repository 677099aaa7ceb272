"""PgBouncer in transaction mode, as Debian packages it, in front of a server of the tests."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

import psycopg
import pytest
from folders import place
from sqlalchemy import URL

from app_schema.embedded.account import Account

PROGRAM = "/usr/sbin/pgbouncer"


@contextmanager
def pgbouncer(server: URL, *, pool_size: int = 1, **settings: str):
    """Yield the URL of ``server`` through a pooler: at most ``pool_size`` connections for each database and user.

    Other ``settings`` are lines of ``pgbouncer.ini``. It listens on loopback. Skips the test where PgBouncer is missing.
    """
    if not shutil.which(PROGRAM):
        pytest.skip("PgBouncer is not on this machine")
    with place("bouncer-") as home:
        account = Account.choose(home / "none")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        host, server_port = server.query.get("host", server.host), server.query.get("port", server.port or 5432)
        lines = {
            "listen_addr": "127.0.0.1",
            "listen_port": port,
            "unix_socket_dir": "",
            "auth_type": "trust",
            "auth_file": home / "users",
            "pool_mode": "transaction",
            "default_pool_size": pool_size,
            "max_client_conn": 200,
            "logfile": home / "log",
        }
        text = "".join(f"{name} = {value}\n" for name, value in (lines | settings).items())
        (home / "ini").write_text(f"[databases]\n* = host={host} port={server_port}\n[pgbouncer]\n{text}")
        (home / "users").write_text(f'"{server.username}" "{server.password}"\n')
        for path in (home, home / "ini", home / "users"):
            path.chmod(0o700 if path.is_dir() else 0o600)
            os.chown(path, account.uid, account.gid)
        switch = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.switched else {}
        process = subprocess.Popen([PROGRAM, "-q", home / "ini"], cwd="/", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **switch)
        try:
            url = server.set(host="127.0.0.1", port=port, query={})
            _wait(url, process, home / "log")
            yield url
        finally:
            process.terminate()
            process.wait()


def _wait(url: URL, process: subprocess.Popen, log) -> None:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(psycopg.OperationalError):
            psycopg.connect(address, prepare_threshold=None).close()
            return
        time.sleep(0.05)
    pytest.fail(f"PgBouncer did not answer: {log.read_text()}")
