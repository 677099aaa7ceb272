"""Production servers for the runbooks: with a plain data directory, and as Debian lays a cluster out."""

import os
import shutil
import signal
import socket
import sys
from pathlib import Path

from debian import BIN, PASSWORD
from debians import DebianSource
from sources import SETTINGS, Source, wait

from app_schema.embedded.account import Account
from app_schema.embedded.binaries import Binaries
from app_schema.embedded.postmaster import Postmaster

SERVER_PROGRAMS = ("pg_ctl", "pg_basebackup")  # which the server's account runs


class Plain:
    """The data directory of an embedded server; everything listens on sockets.

    ``standby``, ``rebuilt`` and ``place``, where a restored cluster goes, are in a folder of the server's account.
    """

    name = "plain"

    def __init__(self, home):
        self.home = home
        self.source = Source.make(home)
        self.account = Account.choose(self.source.server.data)
        self.data = self.source.server.data
        self.standby, self.rebuilt, self.place = (home / "standbys" / name for name in ("standby", "rebuilt", "main"))
        self.standby.parent.mkdir()
        own(self.account, self.standby.parent)
        self.passfile = passfile(self, self.source.url.password)
        self.tools = self._tools()
        self.url, self.standby_url = self._url("postgres", 5432), self._url("postgres", 5433)
        self.variables = {"STANDBY_PORT": 5433, "REBUILT_PORT": 5434, "VERSION": "", "STANDBY_CLUSTER": "", "REBUILT_CLUSTER": ""}
        self.variables |= {"CLUSTER": "", "ETC": ""}

    def _url(self, database, port):
        folder = self.source.url.query["host"]
        return f"postgresql://postgres@/{database}?host={folder}&passfile={self.passfile}&port={port}"

    def _tools(self):
        """A folder of the server's programs; as root they run as its account."""
        binaries = Binaries.find(None, 17).runnable(self.account, self.home / "binaries")
        folder = self.home / "bin"
        folder.mkdir()
        for program in binaries.folder.iterdir():
            if self.account.switched and program.name in SERVER_PROGRAMS:
                script(folder / program.name, as_account(self.account, f'{program} "$@"'))
            else:
                (folder / program.name).symlink_to(program)
        return folder

    def end(self):
        for data in (self.data, self.standby, self.rebuilt, self.place):
            stop(data)


class Debian:
    """A cluster ``main``, and ``standby`` as the package would have made it on another machine; everything listens on loopback."""

    name = "debian"

    def __init__(self, home, cluster):
        self.home, self.cluster, self.account = home, cluster, cluster.account
        self.source = DebianSource.of(cluster, home)
        for name, value in (SETTINGS | {"wal_keep_size": "64MB"}).items():
            cluster.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        cluster.execute(
            "CREATE TABLE facts (id bigserial PRIMARY KEY, text text)",
            "INSERT INTO facts (text) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 2000) AS i",
            # initdb names it after the account that ran it
            "DO $$BEGIN CREATE ROLE postgres SUPERUSER LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END$$",
        )
        cluster.control("restart")
        self.data, self.standby = cluster.data, cluster.home / "lib/standby"
        self.rebuilt = self.place = self.data
        self.passfile = passfile(self, PASSWORD)
        self.tools = self._tools()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        places = [
            "--datadir",
            str(self.standby),
            "--socketdir",
            str(cluster.home / "run"),
            "--logfile",
            str(cluster.home / "log/standby.log"),
        ]
        cluster._run("pg_createcluster", "15", "standby", "--port", str(port), *places)
        self.url, self.standby_url = self._url(cluster.port), self._url(port)
        self.variables = {"STANDBY_PORT": "", "REBUILT_PORT": "", "VERSION": 15, "STANDBY_CLUSTER": "standby", "REBUILT_CLUSTER": "main"}
        self.variables |= {"CLUSTER": "main", "ETC": cluster.etc}

    def _url(self, port):
        return f"postgresql://operator@127.0.0.1:{port}/postgres?passfile={self.passfile}"

    def _tools(self):
        folder = self.home / "bin"
        folder.mkdir()
        for name in ("psql", "pg_basebackup"):
            (folder / name).symlink_to(BIN / name)
        root = f"PG_CLUSTER_CONF_ROOT={self.cluster.home / 'etc'}"
        script(folder / "pg_ctlcluster", as_account(self.account, f'env {root} LC_ALL=C.UTF-8 {shutil.which("pg_ctlcluster")} "$@"'))
        script(folder / "runuser", f"shift 3; {as_account(self.account, chr(34) + '$@' + chr(34))}")  # --user postgres --
        return folder

    def end(self):
        for data in (self.data, self.standby):
            stop(data)


def passfile(layout, password):
    """A file for the password that the operator and the server's account may read."""
    path = layout.home / "pgpass"
    path.write_text(f"*:*:*:*:{password}\n")
    path.chmod(0o600)
    own(layout.account, path)
    return path


def own(account, path):
    if account.switched:
        os.chown(path, account.uid, account.gid)


def as_account(account, command):
    return f"exec setpriv --reuid={account.uid} --regid={account.gid} --clear-groups {command}" if account.switched else f"exec {command}"


def script(path, text):
    path.write_text(f"#!/bin/sh\ncd /\n{text}\n")
    path.chmod(0o755)


def path_of(layout):
    return f"{layout.tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"


def kill(data):
    """As the power does."""
    found = Postmaster.read(data)
    os.kill(found.pid, signal.SIGKILL)
    wait(lambda: not found.listening)


def stop(data):
    found = Postmaster.read(data)
    if found and found.listening:
        os.kill(found.pid, signal.SIGQUIT)
        wait(lambda: not found.listening)
