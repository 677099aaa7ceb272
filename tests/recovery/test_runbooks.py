"""The two disasters of docs/recovery.md, with its very commands."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from folders import place
from programs import ROOT
from sources import Source, rows, wait

from app_schema.embedded.account import Account
from app_schema.embedded.binaries import Binaries
from app_schema.embedded.postmaster import Postmaster
from app_schema.engine import connect_to
from app_schema.physical import slot
from app_schema.physical.base import base
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target
from app_schema.settings import parse_url

PAGE = (ROOT / "docs/recovery.md").read_text()
SERVER_PROGRAMS = ("pg_ctl", "pg_basebackup")  # which the server's account runs


class Runbook:
    """The blocks of a section, run one by one; what one exports the next one has."""

    def __init__(self, heading, source, **variables):
        section = re.search(rf"^## {heading}$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)[1]
        self._blocks = iter(re.findall(r"```bash\n(.*?)```", section, re.DOTALL))
        self._exports, self._place = "", source.home
        backups = {"DATABASE_URL": address(source), "APP_SCHEMA_BACKUP_DIR": str(source.settings.backup_dir)}
        self._variables = os.environ | backups | {name: str(value) for name, value in variables.items()}
        self._variables["PATH"] = f"{programs(source)}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    def run(self):
        block, said, jobs = next(self._blocks), self._place / "said", self._place / "jobs"
        script = f"set -euo pipefail; exec >{said} 2>&1\n{self._exports}{block}\njobs -p >>{jobs}"
        self._exports += "".join(re.findall(r"^export .*\n", block, re.MULTILINE))
        done = subprocess.run(["bash", "-c", script], env=self._variables, cwd=self._place, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, (block, said.read_text())
        return said.read_text()

    def end(self):
        """End what was left in the background."""
        for pid in (self._place / "jobs").read_text().split():
            os.kill(int(pid), signal.SIGTERM)


def programs(source):
    """A folder of the server's programs; as root they run as its account."""
    account = Account.choose(source.server.data)
    binaries = Binaries.find(None, 17).runnable(account, source.home / "binaries")
    if not account.switched:
        return binaries.folder
    folder = source.home / "bin"
    folder.mkdir(exist_ok=True)
    for program in binaries.folder.iterdir():
        (folder / program.name).unlink(missing_ok=True)
        if program.name in SERVER_PROGRAMS:
            (folder / program.name).write_text(
                f'#!/bin/sh\nexec setpriv --reuid={account.uid} --regid={account.gid} --clear-groups {program} "$@"\n'
            )
            (folder / program.name).chmod(0o755)
        else:
            (folder / program.name).symlink_to(program)
    return folder


def address(source, port=None):
    """The server's URL, with a file for the password that both accounts may read."""
    passfile = source.home / "pgpass"
    if not passfile.exists():
        passfile.write_text(f"*:*:*:postgres:{source.url.password}\n")
        passfile.chmod(0o600)
        owner = source.server.data.stat()
        os.chown(passfile, owner.st_uid, owner.st_gid)
    return f"postgresql://postgres@/postgres?host={source.url.query['host']}&passfile={passfile}{f'&port={port}' if port else ''}"


def stop(data):
    if found := Postmaster.read(data):
        os.kill(found.pid, signal.SIGQUIT)
        wait(lambda: not found.listening)


@pytest.fixture
def source():
    with place() as home:
        yield Source.make(home)


@pytest.fixture
def standbys(source):
    """A folder of the server's account."""
    folder = source.home / "standbys"
    folder.mkdir()
    owner = source.server.data.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    yield folder
    for data in folder.glob("*/"):
        stop(data)


def test_the_server_is_lost(source, standbys, target):
    """A standby takes over on a new timeline; moments before and after it can be restored."""
    standby_url = address(source, 5433)
    book = Runbook(
        "The server is lost",
        source,
        STANDBY=standbys / "standby",
        STANDBY_PORT=5433,
        STANDBY_URL=standby_url,
        REBUILT=standbys / "rebuilt",
        REBUILT_PORT=5434,
    )
    with source.receiving():
        base(source.settings, source.folder)
        book.run()
        source.add(10)
        source.wait_for_receiver()
        with source.connect() as connection:
            state = "SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication WHERE application_name <> 'app_schema_wal'"
            wait(lambda: connection.execute(state).fetchone()[0])
        os.kill(Postmaster.read(source.server.data).pid, signal.SIGKILL)
    shutil.rmtree(source.server.data)
    assert "f" in book.run().split()

    new = Source(source.home, source.server, source.settings.model_copy(update={"database_url": parse_url(standby_url)}), source.committed)
    book.run()
    with connect_to(new.settings.database_url) as connection:
        wait(lambda: slot.look(connection).behind == 0)
    try:
        with psycopg.connect(standby_url, autocommit=True) as connection:
            connection.execute("INSERT INTO facts (text) VALUES ('after')")
        assert "WAL of timeline 2" in book.run()
        assert "streaming" in book.run()
        with connect_to(new.settings.database_url) as connection:
            wait(lambda: slot.look(connection).behind == 0)
    finally:
        book.end()
    assert all(finding.error is None for finding in verify(new.settings, new.folder, new.entries, everything=True))

    after = restore(new.settings, new.folder, Target(), target, start=True, check=False)
    assert (after.plan.timeline, len(rows(new, after))) == (2, 11)
    for number, timeline in ((4, 1), (9, 2)):  # while the old server lived; when its last transaction was over
        moment = Target(time=source.committed[number][2])
        old = restore(new.settings, new.folder, moment, target.with_name(f"old{number}"), start=True, check=False)
        assert (old.plan.timeline, rows(new, old)) == (timeline, [row for row, _, _ in source.committed[: number + 1]])


def test_data_is_damaged(source):
    """Recovered beside production to just before the DELETE, and copied back."""
    with source.receiving(), source.connect() as connection:
        connection.execute("CREATE TABLE messages (id bigint PRIMARY KEY, text text)")
        base(source.settings, source.folder)
        connection.execute("INSERT INTO messages SELECT i, md5(i::text) FROM generate_series(1, 500) AS i")
        before = connection.execute("SELECT clock_timestamp()").fetchone()[0]
        connection.execute("DELETE FROM messages WHERE id % 3 = 0")
        connection.execute("INSERT INTO messages VALUES (501, 'written since')")
        source.wait_for_receiver()
        book = Runbook("Data is damaged", source, DATABASE="postgres", RESCUE=source.home / "rescue", BEFORE=before.isoformat())
        book.run()
        with pytest.raises(psycopg.errors.AdminShutdown):  # whoever was there before could go on writing
            connection.execute("INSERT INTO messages VALUES (502, 'refused')")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), source.connect() as application:
            application.execute("INSERT INTO messages VALUES (502, 'refused')")
        assert "500" in book.run()
        book.run()
        assert "501" in book.run()
        with source.connect() as after:
            assert after.execute("SELECT count(*), count(*) FILTER (WHERE text = md5(id::text)) FROM messages").fetchone() == (501, 500)
    assert not (source.home / "rescue").exists()
