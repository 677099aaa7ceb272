"""The disasters of docs/recovery.md, with its very commands, for both layouts of a server."""

import os
import re
import shlex
import signal
import subprocess
from contextlib import contextmanager

import psycopg
import pytest
from debian import debian_cluster
from folders import place
from layouts import Debian, Plain, kill, path_of
from programs import ROOT
from sources import Source, keyed, rows, wait

from app_schema import moments
from app_schema.engine import connect_to
from app_schema.physical import slot
from app_schema.physical.base import base
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target
from app_schema.urls import parse_url

PAGE = (ROOT / "docs/recovery.md").read_text()


class Runbook:
    """The blocks of a section that are for this layout and this accident, run one by one; what one exports the next one has."""

    def __init__(self, heading, layout, *kinds, **variables):
        section = re.search(rf"^## {heading}$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)[1]
        blocks = re.findall(r"```bash ?(\w*)\n(.*?)```", section, re.DOTALL)
        self._blocks = iter([block for kind, block in blocks if kind in ("", layout.name, *kinds)])
        self._exports, self._place = "", layout.home
        given = {
            "DATABASE_URL": layout.url,
            "DATABASE_DIRECT_URL": "",
            "APP_SCHEMA_BACKUP_DIR": layout.source.settings.backup_dir,
            "APP_SCHEMA_BACKUP_SEAL_KEY_FILE": layout.source.settings.backup_seal_key_file,
        } | variables
        named = set(exported(re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]))
        assert named == set(given), "the variables at the top of the section are those that it needs"
        self._variables = os.environ | {name: str(value) for name, value in given.items()} | {"PATH": path_of(layout)}

    def run(self):
        block, said, jobs = next(self._blocks), self._place / "said", self._place / "jobs"
        script = f"set -euo pipefail; exec >{said} 2>&1\n{self._exports}{block}\njobs -p >>{jobs}"
        self._exports += "".join(re.findall(r"^export .*\n", block, re.MULTILINE))
        done = subprocess.run(["bash", "-c", script], env=self._variables, cwd=self._place, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, (block, said.read_text())
        return said.read_text()

    def is_over(self):
        return next(self._blocks, None) is None

    @contextmanager
    def ended(self):
        """End what it leaves in the background."""
        try:
            yield
        finally:
            for pid in (self._place / "jobs").read_text().split():
                os.kill(int(pid), signal.SIGTERM)


def exported(block):
    """The names that a block of exports sets."""
    return [word.partition("=")[0] for line in block.splitlines() for word in shlex.split(line, comments=True)[1:]]


@pytest.fixture(params=["plain", "debian"])
def layout(request):
    """A server of the test's own, which ends it."""
    with place() as home:
        if request.param == "plain":
            made = Plain(home)
            keyed(made.source)
            try:
                yield made
            finally:
                made.end()
            return
        with debian_cluster() as cluster:
            made = Debian(home, cluster)
            keyed(made.source)
            try:
                yield made
            finally:
                made.end()


def caught_up(url):
    """Until the receiver has all that there is."""
    with connect_to(url) as connection:
        wait(lambda: slot.look(connection).behind == 0)


def test_the_server_is_lost(layout, target):
    """A standby takes over on a new timeline; moments before and after it can be restored."""
    source = layout.source
    names = ("STANDBY_PORT", "REBUILT_PORT", "VERSION", "STANDBY_CLUSTER", "REBUILT_CLUSTER")
    places = {"STANDBY": layout.standby, "STANDBY_URL": layout.standby_url, "REBUILT": layout.rebuilt}
    book = Runbook("The server is lost", layout, **places, **{name: layout.variables[name] for name in names})
    with source.receiving():
        base(source.settings, source.folder)
        book.run()
        source.add(10)
        source.wait_for_receiver()
        with source.connect() as connection:
            state = "SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication WHERE application_name <> 'app_schema_wal'"
            wait(lambda: connection.execute(state).fetchone()[0])
        kill(layout.data)
    book.run()
    assert "f" in book.run().split()

    standby = parse_url(layout.standby_url)
    new = Source(source.home, source.server, source.settings.model_copy(update={"database_url": standby}), source.committed)
    book.run()
    with book.ended():
        caught_up(standby)
        with psycopg.connect(layout.standby_url, autocommit=True) as connection:
            connection.execute("INSERT INTO facts (text) VALUES ('after')")
        assert "WAL of timeline 2" in book.run()
        book.run()
        assert "streaming" in book.run()
        assert book.is_over()
        caught_up(standby)
    assert all(finding.error is None for finding in verify(new.settings, new.folder, new.entries, everything=True))

    after = restore(new.settings, new.folder, Target(), target, start=True, check=False)
    assert (after.plan.timeline, len(rows(new, after))) == (2, 11)
    for number, timeline in ((4, 1), (9, 2)):  # while the old server lived; when its last transaction was over
        moment = Target(time=source.committed[number][2])
        old = restore(new.settings, new.folder, moment, target.with_name(f"old{number}"), start=True, check=False)
        assert (old.plan.timeline, rows(new, old)) == (timeline, [row for row, _, _ in source.committed[: number + 1]])


def test_the_server_is_lost_and_there_is_no_standby(layout):
    """The archive's last moment takes its place, with its own configuration; what Debian's package has made goes aside."""
    source = layout.source
    variables = {name: layout.variables[name] for name in ("VERSION", "CLUSTER", "ETC")}
    places = {"DATA": layout.place, "RESCUE": layout.home / "rescue"}
    book = Runbook("The server is lost, and there is no standby", layout, **places, **variables)
    with source.receiving():
        if layout.name == "debian":
            conf = layout.cluster.etc / "postgresql.conf"
            fresh = conf.read_text()
            conf.write_text(f"{fresh}\nwork_mem = 7MB\n")
        base(source.settings, source.folder)
        source.add(5)
        source.wait_for_receiver()
        kill(layout.data)
    if layout.name == "debian":
        conf.write_text(fresh)
        modes = {path: path.stat().st_mode for path in (layout.cluster.etc, *layout.cluster.etc.glob("*.conf"))}
        (layout.data / "global/pg_control").unlink()

    book.run()
    book.run()
    assert "f" in book.run().split()
    with book.ended():
        with psycopg.connect(layout.url) as connection:
            found = [row[0] for row in connection.execute("SELECT id FROM facts WHERE id > 2000 ORDER BY id")]
            assert found == [row for row, _, _ in source.committed]
            if layout.name == "debian":
                assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)
                assert connection.execute("SHOW config_file").fetchone() == (str(conf),)
                assert not (layout.data / "postgresql.conf").exists(), "a backup would take it for the server's"
                assert {path: path.stat().st_mode for path in modes} == modes, "other users' psql and pg_lsclusters read them"
        caught_up(source.settings.database_url)
        assert "as written" in book.run()
        assert book.is_over()


@pytest.mark.parametrize("accident", ["delete", "drop"])
def test_data_is_damaged(accident, layout):
    """Recovered beside production to just before, and copied back; then the application writes again."""
    source = layout.source
    with source.receiving(), source.connect() as connection:
        connection.execute("CREATE TABLE rooms (id int PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE messages (length int NOT NULL GENERATED ALWAYS AS (length(text)) STORED,"
            " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room int REFERENCES rooms, text text)"
        )
        connection.execute("CREATE TABLE stars (message bigint PRIMARY KEY REFERENCES messages ON DELETE CASCADE)")
        connection.execute("CREATE VIEW newest AS SELECT max(id) AS id FROM messages")
        base(source.settings, source.folder)
        connection.execute("INSERT INTO rooms SELECT generate_series(1, 5)")
        connection.execute("INSERT INTO messages (room, text) SELECT 1 + i % 5, md5(i::text) FROM generate_series(1, 500) AS i")
        connection.execute("INSERT INTO stars SELECT id FROM messages WHERE id % 2 = 0")
        before = moments.exact(connection.execute("SELECT clock_timestamp()").fetchone()[0])
        if accident == "delete":
            connection.execute("DELETE FROM messages WHERE id % 3 = 0")
            connection.execute("INSERT INTO messages (room, text) VALUES (1, 'written since')")
        else:
            connection.execute("DROP TABLE messages CASCADE")
        source.wait_for_receiver()
        tables = "public.messages public.stars" if accident == "delete" else "public.messages"
        rescue = layout.home / "rescue"
        book = Runbook("Data is damaged", layout, accident, DATABASE="postgres", RESCUE=rescue, BEFORE=before, TABLES=tables)
        book.run()
        with pytest.raises(psycopg.errors.AdminShutdown):  # whoever was there before could go on writing
            connection.execute("INSERT INTO rooms VALUES (6)")
        with source.connect() as application:
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                application.execute("INSERT INTO rooms VALUES (6)")
            assert "500" in book.run()
            book.run()
            total = 501 if accident == "delete" else 500
            assert str(total) in book.run()
            book.run()
            assert book.is_over()
            with pytest.raises(psycopg.errors.AdminShutdown):  # or it would stay unable to write
                application.execute("INSERT INTO rooms VALUES (6)")
        with source.connect() as after:
            after.execute("INSERT INTO rooms VALUES (6)")
            [written] = after.execute("INSERT INTO messages (room, text) VALUES (6, 'goes on') RETURNING id").fetchone()
            assert written > total
            assert after.execute("SELECT id FROM newest").fetchone() == (written,)
            assert after.execute("SELECT count(*) FILTER (WHERE text = md5(id::text)) FROM messages").fetchone() == (500,)
            assert after.execute("SELECT count(*) FROM messages WHERE length <> length(text)").fetchone() == (0,)
            assert after.execute("SELECT count(*) FROM stars").fetchone() == (250,)
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                after.execute("INSERT INTO stars VALUES (100000)")
    assert not rescue.exists()
    assert not rescue.with_name("rescue.dump").exists()
