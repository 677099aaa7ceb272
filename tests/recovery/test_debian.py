"""A cluster as Debian makes it: its configuration lies outside the data directory, and its pages have no checksums."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from away import WITH_AGE, bring, machine, send
from buckets import bucket
from debian import BIN
from debians import DebianSource, forwarded
from folders import place
from sources import flip

from app_schema.backup.entry import NO_CHECKSUMS
from app_schema.embedded import EmbeddedServer
from app_schema.engine import connect
from app_schema.errors import BackupDamaged
from app_schema.memory import Memory
from app_schema.monitoring import snapshot
from app_schema.physical.base import base
from app_schema.physical.verify import verify
from app_schema.restore import pages
from app_schema.restore.cluster import restore
from app_schema.restore.cluster_drill import drill
from app_schema.restore.isolation import BEGIN, END
from app_schema.restore.target import Target


@pytest.fixture(scope="module")
def taken(debian_cluster_of_the_session):
    """A base of that cluster, taken by its superuser over TCP."""
    with place() as home:
        source = DebianSource.of(debian_cluster_of_the_session, home)
        base(source.settings, source.folder)
        yield source


@pytest.fixture
def damaged(taken):
    """A copy of the backup that a test may damage."""
    with place() as home:
        copied = taken.copy(home)
        yield DebianSource(home, taken.server, copied.settings)


def configuration_of(source):
    return source.folder.path / source.entries[0].parts[0].file / "configuration"


def files_of(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def test_its_configuration_comes_along(taken):
    """The three files, what they include and what that includes; nothing else, closed to others."""
    etc = str(taken.server.etc)[1:]
    there = files_of(configuration_of(taken))
    names = ("postgresql.conf", "pg_hba.conf", "pg_ident.conf", "admins", "conf.d/10-app.conf", "conf.d/20-wal.conf")
    assert set(there) == {*(f"{etc}/{name}" for name in names), str(taken.server.home / "etc/common.conf")[1:]}
    for name, path in there.items():
        assert path.read_bytes() == (Path("/") / name).read_bytes()
    assert all(path.stat().st_mode & 0o077 == 0 for path in configuration_of(taken).rglob("*"))
    [entry] = taken.entries
    assert (entry.status, entry.physical.checksums, entry.remarks) == ("complete", False, (NO_CHECKSUMS,))
    assert [finding.error for finding in verify(taken.settings, taken.folder, taken.entries)] == [None] * 2


def test_it_comes_back_beside_its_source(taken, target):
    """With the source's settings, its paths apart: the source is running, and nothing of it is touched."""
    done = restore(taken.settings, taken.folder, Target(), target, start=True)
    assert done.differences == ()
    assert pages.NO_CHECKSUMS in done.notes
    assert any(str(target / "configuration") in note and str(taken.server.etc) in note for note in done.notes)
    with taken.connect(done.url) as connection:
        shown = {
            "data_directory": str(target / "data"),
            "unix_socket_directories": f'"{target / "run"}"',
            "work_mem": "5MB",
            "maintenance_work_mem": "70MB",
            "random_page_cost": "1.5",
            "max_prepared_transactions": "5",
            "cluster_name": "15/main",
            "listen_addresses": "",
            "data_checksums": "off",
        }
        for name, value in shown.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,), name
    there, laid = files_of(configuration_of(taken)), files_of(target / "configuration")
    assert {name: path.read_bytes() for name, path in laid.items()} == {name: path.read_bytes() for name, path in there.items()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (target / "configuration").rglob("*"))
    with taken.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert EmbeddedServer(target).delete()
    assert not target.exists()


def test_it_takes_its_sources_place(taken, target):
    """As docs/recovery.md says for Debian: the data and the configuration go where they were, and pg_ctlcluster starts it."""
    cluster = taken.server
    restore(taken.settings, taken.folder, Target(), target, check=False)
    conf = target / "data/postgresql.auto.conf"
    before, _, rest = conf.read_text().partition(BEGIN)
    conf.write_text(before + rest.partition(END)[2])
    with taken.connect() as connection:
        connection.execute("CREATE TABLE later ()")
    cluster.control("stop")
    moved = [(path, path.with_name(f"{path.name}.old")) for path in (cluster.data, cluster.etc)]
    try:
        for path, aside in moved:
            path.rename(aside)
        shutil.move(target / "data", cluster.data)
        shutil.move(f"{target}/configuration{cluster.etc}", cluster.etc)
        shutil.copy(moved[1][1] / "log", cluster.etc / "log", follow_symlinks=False)  # which the package of a new machine has
        cluster.control("start")
        with taken.connect() as connection:
            assert connection.execute("SELECT to_regclass('later')").fetchone() == (None,)
            assert connection.execute("SHOW config_file").fetchone() == (str(cluster.etc / "postgresql.conf"),)
            assert connection.execute("SHOW work_mem").fetchone() == ("5MB",)
        cluster.control("stop")
    finally:
        for path, aside in moved:
            shutil.rmtree(path, ignore_errors=True)
            aside.rename(path)
        cluster.control("start")


def test_pg_ctl_starts_it_where_it_is(taken, target):
    """Without Debian's tools: its own postgresql.conf and pg_hba.conf hold when the block is cut out."""
    restore(taken.settings, taken.folder, Target(), target, check=False)
    conf = target / "data/postgresql.auto.conf"
    before, _, rest = conf.read_text().partition(BEGIN)
    conf.write_text(before + rest.partition(END)[2])
    hba = (target / "data/pg_hba.conf").read_text()
    assert f'@"{target}/configuration{taken.server.etc}/admins"' in hba
    taken.server.control("stop")
    try:
        assert EmbeddedServer(target, BIN).start()
        with taken.connect() as connection:  # at the source's address, with its password
            assert connection.execute("SHOW data_directory").fetchone() == (str(target / "data"),)
            assert connection.execute("SELECT count(*) FROM pg_hba_file_rules WHERE error IS NULL").fetchone()[0] > 1
    finally:
        EmbeddedServer(target).stop()
        taken.server.control("start")


def test_an_edited_file_is_found(damaged, target):
    for path in files_of(configuration_of(damaged)).values():
        if path.name == "pg_hba.conf":
            flip(path)
    found = [finding.error for finding in verify(damaged.settings, damaged.folder, damaged.entries) if finding.error]
    assert len(found) == 1
    assert "pg_hba.conf was edited or damaged: it is not the configuration file that was taken" in found[0]
    with pytest.raises(BackupDamaged, match=r"pg_hba\.conf was edited or damaged"):
        restore(damaged.settings, damaged.folder, Target(backup=damaged.entries[0].id), target)
    assert not target.exists()


def test_one_that_leads_elsewhere_is_refused(damaged, target):
    """Whoever may write to a bucket can write an entry that fits its seal."""
    [entry] = damaged.entries
    files = tuple(file.model_copy(update={"path": f"/../../..{file.path}"}) for file in entry.physical.configuration.files)
    configuration = entry.physical.configuration.model_copy(update={"files": files})
    forged = entry.model_copy(update={"physical": entry.physical.model_copy(update={"configuration": configuration})})
    path = damaged.folder.path / f"{entry.id}.json"
    path.unlink()
    path.write_bytes(forged.sealed())
    with pytest.raises(BackupDamaged, match="which is no absolute path of a configuration file"):
        restore(damaged.settings, damaged.folder, Target(backup=entry.id), target)
    assert not target.exists()


def test_it_comes_back_from_a_bucket(taken, target):
    with bucket() as objects, place() as home:
        send(taken, objects, **WITH_AGE)
        there = machine(taken, home)
        for name in objects.names:
            assert b"scram-sha-256" not in objects[name], name
        bring(there, objects)
        assert {name: path.read_bytes() for name, path in files_of(configuration_of(there)).items()} == {
            name: path.read_bytes() for name, path in files_of(configuration_of(taken)).items()
        }
        done = restore(there.settings, there.folder, Target(), target, start=True, check=False)
        with taken.connect(done.url) as connection:
            assert connection.execute("SHOW work_mem").fetchone() == ("5MB",)
        EmbeddedServer(target).stop()


def test_a_drill_says_what_it_did_not_prove(damaged, target, monkeypatch):
    target.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(target))
    _, done = drill(damaged.settings, damaged.folder, "latest")
    assert done.drill.passed
    assert pages.NO_CHECKSUMS in done.notes


def test_the_monitor_says_it(taken):
    with connect(taken.settings) as connection, Memory.of(taken.settings) as memory:
        found = snapshot.take(connection, taken.settings, memory)
    [finding] = [finding for finding in found.findings if finding.rule == "backup-remark"]
    assert (finding.severity, "pg_checksums --enable" in finding.says) == ("note", True)


@pytest.mark.parametrize(
    ("granted", "away", "why"),
    [
        ((), False, "may not see where the configuration is"),
        (("pg_monitor",), False, ""),
        (("pg_monitor",), True, "this role may not read files of the server, which runs on another machine"),
        (("pg_monitor", "pg_read_server_files"), True, ""),
    ],
)
def test_what_a_role_may_read(taken, target, granted, away, why):
    """What it may not read is one line, and the backup is taken all the same; on the server's machine its files are read there."""
    cluster = taken.server
    functions = "FUNCTION pg_read_binary_file(text), pg_ls_dir(text)"
    cluster.execute("CREATE ROLE keeper LOGIN REPLICATION PASSWORD 'keeper'", *(f"GRANT {role} TO keeper" for role in granted))
    if "pg_read_server_files" in granted:
        cluster.execute(f"GRANT EXECUTE ON {functions} TO keeper")
    try:
        with place() as home, forwarded(cluster.port) as port:
            source = DebianSource.of(cluster, home)
            url = cluster.url.set(username="keeper", password="keeper", port=port if away else cluster.port)
            source.settings = source.settings.model_copy(update={"database_url": url})
            entry = base(source.settings, source.folder)
            assert entry.remarks[0] == NO_CHECKSUMS
            if not why:
                assert entry.remarks[1:] == ()
                assert set(files_of(configuration_of(source))) == set(files_of(configuration_of(taken)))
                return
            [line] = entry.remarks[1:]
            assert "pg_hba.conf" in line
            assert why in line
            assert 'GRANT pg_read_all_settings, pg_read_server_files TO "keeper"; GRANT EXECUTE ON FUNCTION' in line
            assert (entry.status, entry.physical.configuration) == ("complete", None)
            done = restore(source.settings, source.folder, Target(), target, check=False)
            assert line in done.notes
            assert not (target / "configuration").exists()
    finally:
        cluster.execute(f"REVOKE ALL ON {functions} FROM keeper", "DROP ROLE keeper")


def test_what_the_servers_account_may_not_read(taken):
    """As root we read for the server what it may read itself, and no more: it could name any file."""
    if os.geteuid():
        pytest.skip("only root could read it")
    secret = taken.server.home / "secret.conf"
    secret.write_text("work_mem = 6MB\n")
    secret.chmod(0o600)
    extra = taken.server.etc / "conf.d/30-secret.conf"
    extra.write_text(f"include '{secret}'\n")
    extra.chmod(0o644)
    try:
        with place() as home:
            source = DebianSource.of(taken.server, home)
            entry = base(source.settings, source.folder)
            assert secret.name not in {path.name for path in configuration_of(source).rglob("*")}
            assert "secret.conf (could not open file" in entry.remarks[1] or "secret.conf (Permission denied)" in entry.remarks[1]
    finally:
        extra.unlink()
