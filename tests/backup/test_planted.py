"""An entry that was planted, sealed like any other: whoever may write to the folder or the bucket can write one."""

import json

import pytest
from buckets import bucket
from click.testing import CliRunner

from app_schema.backup import drill_results
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.entry import Entry, Kind, _seal
from app_schema.backup.folder import UNFINISHED
from app_schema.backup.upload import Bucket
from app_schema.cli import main
from app_schema.errors import BackupDamaged
from app_schema.restore.source import Source
from app_schema.settings import Settings

OLD = "20200101T000000Z-dump-0000"
AT = "2020-01-01T00:00:00Z"


def facts(**fields):
    """Of a dump that no policy keeps."""
    part = {"file": f"{OLD}.dump", "bytes": 1, "sha256": "0" * 64, "database": {"name": "app"}}
    return {
        "version": 1,
        "id": OLD,
        "kind": "dump",
        "started": AT,
        "finished": AT,
        "server": "db:5432",
        "server_version": "17.1",
        "client_version": "17.1",
        "compression": "gzip",
        "parts": [part | fields.pop("part", {})],
    } | fields


def base(**place):
    """Of a base backup, whose id is the dump's."""
    physical = {
        "system_identifier": "7",
        "timeline": 1,
        "start_lsn": "0/2000028",
        "stop_lsn": "0/2000100",
        "start_wal": "0" * 24,
        "checksums": True,
        "superuser": "postgres",
        "consistent_at": AT,
        "next_xid": 700,
        "segment_bytes": 1 << 24,
    }
    entry_id = OLD.replace("dump", "base")
    part = {"file": f"{entry_id}.cluster", "bytes": 1, "sha256": "0" * 64}
    return facts() | {"id": entry_id, "kind": "base", "parts": [part], "physical": physical | place}


def sealed(said):
    return json.dumps(said | {"seal": _seal(said)}).encode()


def plant(folder, said, name=None):
    path = folder.path / f"{name or said['id']}.json"
    path.write_bytes(sealed(said))
    return path


def command(folder, *arguments):
    return CliRunner().invoke(main, ["backup", *arguments], env={"APP_SCHEMA_BACKUP_DIR": str(folder.path)})


@pytest.fixture
def victim(folder):
    """A folder beside the backups."""
    path = folder.path.with_name("victim")
    path.mkdir()
    (path / "file").write_text("mine")
    return path


@pytest.mark.parametrize("way", ["../victim", "{victim}", "{victim}/file", f"{OLD}./../../victim", "x/../../victim"])
def test_prune_deletes_only_files_of_the_backup(way, folder, victim):
    plant(folder, facts(part={"file": way.format(victim=victim)}))
    done = command(folder, "prune")
    assert (victim / "file").read_text() == "mine"
    assert "which is no file of" in done.output + done.stderr
    assert "Traceback" not in done.output


def test_prune_does_not_delete_another_backup(folder):
    other = folder.path / "20990101T000000Z-dump-0001.dump"
    other.write_text("mine")
    plant(folder, facts(part={"file": other.name}))
    command(folder, "prune")
    assert other.read_text() == "mine"


def test_a_sweep_deletes_only_files_of_the_backup(folder, victim):
    """It finishes what a dead run has left, and removes the files of what it cannot finish."""
    for name in (OLD, "20200101T000000Z-dump-0001"):
        (folder.path / f"{UNFINISHED}{name}.json").write_bytes(sealed(facts(part={"file": "../victim/file"})))
    Catalogue(folder).sweep()
    assert (victim / "file").read_text() == "mine"
    assert list(folder.path.iterdir()) == []


def test_an_entry_is_not_amended_under_another_name(folder):
    plant(folder, facts(), "20200101T000000Z-dump-0001")
    with pytest.raises(BackupDamaged, match="under another name"):
        Catalogue(folder).note_look("20200101T000000Z-dump-0001", None)
    (folder.path / "20200101T000000Z-dump-0001.dump").touch()
    with pytest.raises(BackupDamaged, match="under another name"):
        Source.find(folder, str(folder.path / "20200101T000000Z-dump-0001.dump"), "app")


WRONG = [
    facts(kind="base"),
    facts(kind="c4nary"),
    facts(parts=[]),
    facts(parts=[{"file": f"{OLD}.dump"}]),
    facts(part={"database": None}),
    facts(part={"file": f"{OLD}.json"}),
    facts(part={"file": f"{OLD}.dump\n"}),
    facts(part={"file": f"{OLD}.{'a' * 300}"}),
    facts(part={"bytes": 1 << 63}),
    facts(part={"bytes": -1}),
    facts(part={"sha256": "c4nary"}),
    facts(server_version="c4nary"),
    facts(client_version=""),
    facts(system_identifier="../../victim"),
    facts(started="2020-01-01T00:00:00"),
    facts(finished="0001-01-01T00:00:00Z"),
    facts(finished="9999-12-31T23:59:59Z"),
    facts(drills=[{"at": AT, "quick": True, "seconds": float("inf")}]),
    facts(drills=[{"at": "2020-01-01T00:00:00", "quick": True, "seconds": 1}]),
    facts(encryption="../x"),
    base(parent="../../x"),
    base(parent=OLD),
    base(start_lsn="c4nary"),
    base(stop_lsn="0/0/0"),
    base(start_wal="../../x"),
    base(segment_bytes=0),
    base(timeline=0),
    base(system_identifier="../../victim"),
    base() | {"physical": None},
]
CONFIGURATION = {"data_directory": "/d", "config_file": "/etc/c", "hba_file": "/etc/h", "ident_file": "/etc/i", "files": []}
WRONG += [
    base(configuration=CONFIGURATION | {"folders": ["/../../victim"]}),
    base(configuration=CONFIGURATION | {"config_file": "/etc/c\narchive_command = 'touch x'"}),  # it is quoted in a comment of the new file
    base(configuration=CONFIGURATION | {"files": [{"path": "c", "bytes": 1, "sha256": "0" * 64}]}),
    base(configuration=CONFIGURATION | {"files": [{"path": "/c", "bytes": 1, "sha256": "x"}]}),
]


@pytest.mark.parametrize("said", WRONG, ids=lambda said: said["id"][:0] or str(WRONG.index(said)))
@pytest.mark.parametrize("arguments", [("list",), ("verify",), ("prune",)], ids=" ".join)
def test_a_wrong_entry_is_one_line(said, arguments, folder):
    said = json.loads(json.dumps(said))  # inf is Infinity
    plant(folder, said)
    done = command(folder, *arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    lines = [line for line in (done.output).splitlines() if f"{said['id']}.json" in line]
    assert len(lines) == 1
    assert "c4nary" not in lines[0].replace("'c4nary'", "")
    assert Catalogue(folder).read()[0] == []


@pytest.mark.parametrize(
    "field", ["id", "kind", "started", "finished", "server", "server_version", "client_version", "compression", "parts"]
)
def test_a_field_that_is_missing(field, folder):
    said = facts()
    del said[field]
    (folder.path / f"{OLD}.json").write_bytes(sealed(said))
    [problem] = Catalogue(folder).read()[1]
    assert str(problem) == f"{OLD}.json does not fit version 1: '{field}' is missing or wrong; use another backup"


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"\xff", b"{}", b"null", b'{"seal": 1, "version": []}', b'{"seal": 1, "version": 1e999}']
)
def test_what_is_no_entry_at_all(content, folder):
    (folder.path / f"{OLD}.json").write_bytes(content)
    assert command(folder, "list").exit_code in (0, 3)
    assert len(Catalogue(folder).read()[1]) == 1


@pytest.mark.parametrize("depth", range(900, 1000, 7))
def test_an_entry_that_is_nested(depth, folder):
    (folder.path / f"{OLD}.json").write_bytes(b'{"seal": "", "version": 1, "x": ' + b"[" * depth + b"]" * depth + b"}")
    assert len(Catalogue(folder).read()[1]) == 1


def test_half_a_character(folder):
    """JSON can say it, and nothing can write it again."""
    path = plant(folder, facts(server="x\ud800"))
    [problem] = Catalogue(folder).read()[1]
    assert str(problem).startswith(f"{path.name} cannot be read")


def test_good_ones_are_read():
    assert Entry.unsealed(sealed(facts()), OLD).kind is Kind.DUMP
    assert Entry.unsealed(sealed(base(configuration=CONFIGURATION)), base()["id"]).kind is Kind.BASE


def test_backups_that_add_to_each_other(folder):
    """To follow one to its base would never end."""
    one, two = "20200101T000000Z-incremental-0001", "20200101T000000Z-incremental-0002"
    for entry_id, parent in ((one, two), (two, one)):
        part = {"file": f"{entry_id}.cluster", "bytes": 1, "sha256": "0" * 64}
        plant(folder, base(parent=parent) | {"id": entry_id, "kind": "incremental", "parts": [part]})
        (folder.path / f"{entry_id}.cluster").mkdir()
    assert len(Catalogue(folder).read()[0]) == 2
    for arguments in (("list",), ("prune", "--dry-run")):
        done = command(folder, *arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception


@pytest.fixture
def objects():
    with bucket() as objects:
        yield objects


@pytest.mark.usefixtures("broken_off")
def test_a_bucket_with_planted_names(objects, folder):
    """The time of one does not exist; another entry names a file that is not its own."""
    objects["99999999T999999Z-dump-0000.json"] = sealed(facts())
    objects[f"{OLD}.json"] = sealed(facts(part={"file": "../victim"}))
    for arguments in (("fetch", "--list"), ("fetch", OLD), ("fetch", "latest")):
        place = {"APP_SCHEMA_BACKUP_DIR": str(folder.path), "DATABASE_URL": "postgresql://u@h/app"}
        done = CliRunner().invoke(main, ["backup", *arguments], env=objects.environment | place)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert not list(folder.path.glob("*-dump-*"))


@pytest.mark.usefixtures("broken_off")
@pytest.mark.parametrize(
    "change", [{"at": "2099-01-01T00:00:00"}, {"seconds": "Infinity"}, {"seconds": -1}, {"at": "9999-12-31T23:59:59Z"}]
)
def test_a_planted_result_of_a_drill(change, objects, folder):
    """A time without a zone cannot be compared with one that has it, and sorting the drills failed."""
    folder.path.joinpath(f"{OLD}.dump").touch()
    plant(folder, facts(drills=[{"at": AT, "quick": True, "seconds": 1}]))
    [entry] = Catalogue(folder).read()[0]
    drill = {"at": "2026-01-01T00:00:00Z", "quick": False, "seconds": 1} | change
    stored = json.dumps({"backup": OLD, "sha256": [part.sha256 for part in entry.parts], "drill": drill}).replace('"Infinity"', "Infinity")
    at = drill["at"].translate({ord(sign): None for sign in "-:Z"})
    objects[f"{OLD}.drill-{at}000000Z.json"] = stored.encode()
    said = []
    settings = Settings(backup_dir=folder.path, **objects.settings)
    assert drill_results.take(Catalogue(folder), Bucket.of(settings), said.append) == []
    assert len(said) == 1
    assert len(Catalogue(folder).read()[0][0].drills) == 1
