"""A cluster as Debian's ``pg_createcluster`` makes one: the configuration lies outside the data directory, without data checksums."""

import os
import pwd
import shutil
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from folders import place
from sqlalchemy import URL

from app_schema.embedded.account import Account
from app_schema.urls import parse_url

BIN = Path("/usr/lib/postgresql/15/bin")
PASSWORD = "only_for_tests"


@dataclass
class DebianCluster:
    """A running cluster of PostgreSQL 15 with Debian's layout.

    ``home`` is a folder that the server's account may enter; ``etc`` holds ``postgresql.conf``, ``pg_hba.conf`` and
    ``pg_ident.conf``; ``url`` is a superuser's, over TCP on loopback, with a password.
    """

    home: Path
    port: int
    account: Account = field(repr=False)

    @property
    def etc(self) -> Path:
        return self.home / "etc/15/main"

    @property
    def data(self) -> Path:
        return self.home / "lib/main"

    @property
    def log(self) -> Path:
        return self.home / "log/main.log"

    @property
    def url(self) -> URL:
        return parse_url(f"postgresql://operator:{PASSWORD}@127.0.0.1:{self.port}/postgres")

    def control(self, *arguments: str) -> None:
        """Run ``pg_ctlcluster 15 main …`` (start, stop, restart, reload) as the server's account."""
        self._run("pg_ctlcluster", "15", "main", *arguments)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        url = self.url.set(drivername="postgresql", database=database)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement)

    def _run(self, *command: str) -> None:
        environment = {"PG_CLUSTER_CONF_ROOT": str(self.home / "etc"), "LC_ALL": "C.UTF-8"}
        done = self.account.run(command, env=environment, start_new_session=True)
        log = self.log.read_text() if self.log.exists() else ""
        assert done.returncode == 0, (command, done.stdout, done.stderr, log)


@contextmanager
def debian_cluster(*options: str):
    """Make, start and remove a cluster; ``options`` go to ``initdb``. Skips the test where Debian's tools are missing."""
    if not (BIN / "initdb").is_file() or not shutil.which("pg_createcluster"):
        pytest.skip("Debian's PostgreSQL 15 is not on this machine")
    with place("deb-") as home:
        account = Account.choose(home / "lib/main")
        for name in ("etc", "lib", "log", "run"):
            (home / name).mkdir()
            if account.switched:
                os.chown(home / name, account.uid, account.gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cluster = DebianCluster(home, port, account)
        try:
            create = ["pg_createcluster", "15", "main", "--port", str(port), "--datadir", str(cluster.data)]
            create += ["--socketdir", str(home / "run"), "--logfile", str(cluster.log), "--encoding", "UTF8", "--locale", "C.UTF-8"]
            cluster._run(*create, "--", *options)
            cluster.control("start")
            # Debian's pg_hba.conf asks for peer on the socket: only the account of the server gets in
            statements = ("ALTER SYSTEM SET fsync = off", f"CREATE ROLE operator SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
            commands = [argument for statement in statements for argument in ("--command", statement)]
            owner = pwd.getpwuid(account.uid).pw_name
            cluster._run(
                str(BIN / "psql"),
                "--quiet",
                "--no-psqlrc",
                f"--host={home / 'run'}",
                f"--port={port}",
                f"--username={owner}",
                "--dbname=postgres",
                *commands,
            )
            cluster.control("reload")
            yield cluster
        finally:
            if (cluster.data / "postmaster.pid").exists():
                cluster.control("-m", "immediate", "stop")


@pytest.fixture
def debian():
    """A cluster of the test's own."""
    with debian_cluster() as cluster:
        yield cluster
