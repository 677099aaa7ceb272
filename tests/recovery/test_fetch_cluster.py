"""A cluster and its WAL, back from a bucket into an empty folder."""

import os
import subprocess
import sys
import sysconfig
import time

import pytest
from away import WITH_AGE, bring, command, contents, machine, send, start
from buckets import bucket
from folders import place
from programs import ROOT
from sources import replace

from app_schema.backup.catalogue import Catalogue
from app_schema.backup.folder import UNFINISHED
from app_schema.backup.upload import Bucket
from app_schema.physical import elsewhere
from app_schema.physical.elsewhere import upload_wal
from app_schema.physical.fetch_wal import FetchedWal
from app_schema.physical.verify import verify
from app_schema.restore.cluster import restore
from app_schema.restore.target import Target

pytestmark = pytest.mark.usefixtures("broken_off")


@pytest.fixture(scope="module")
def sent(history):
    """The history's chain and WAL in a bucket, encrypted with age, in several pieces."""
    with bucket() as objects, place() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(elsewhere, "PIECE_BYTES", 12 << 20)
        send(history.copy(home), objects, **WITH_AGE)
        yield objects


@pytest.fixture
def there(history):
    with place() as home:
        yield machine(history, home)


def test_machine_and_folder_are_lost(sent, there, target, history):
    """One command, and then a restore to a moment."""
    code, listed, error = command(there, sent, "backup", "fetch", "--list")
    ids = [entry.id for entry in history.entries]
    assert (code, error) == (0, "")
    assert [line.split()[0] for line in listed.splitlines()[1:4]] == sorted(ids)
    assert [line.split()[-1] for line in listed.splitlines()[1:4]] == ["no"] * 3
    assert listed.splitlines()[4].endswith("; 0 are here")

    code, out, error = command(there, sent, "backup", "fetch", "--cluster")
    assert (code, error) == (0, ""), out
    assert [line.partition(":")[0] for line in out.splitlines()[:3]] == ids
    assert "as written" in out
    assert "WAL of timeline 1: 0/" in out
    assert "restore cluster --to" in out
    assert not list(there.folder.path.rglob(f"{UNFINISHED}*"))
    assert all(path.lstat().st_mode & 0o077 == 0 for path in there.folder.path.rglob("*") if not path.is_symlink())
    assert all(entry.uploads and entry.verified for entry in there.entries)

    moment = history.committed[17][2]
    code, out, error = command(there, sent, "restore", "cluster", "--to", str(target), f"--target-time={moment.isoformat()}")
    assert (code, error) == (0, "")
    assert f"the last transaction being {history.committed[17][1]}" in out

    code, out, error = command(there, sent, "backup", "fetch", "--cluster")
    assert (code, error, out.count("is here already"), ": 0 files fetched" in out) == (0, "", 3, True)
    code, listed, _ = command(there, sent, "backup", "fetch", "--list")
    assert [line.split()[-1] for line in listed.splitlines()[1:4]] == ["yes"] * 3


@pytest.fixture
def older_python():
    """Debian 12's own Python 3.11.2, which has no filters in tarfile, with the packages of this environment."""
    program = "/usr/bin/python3"
    found = subprocess.run([program, "-c", "import sys; print(*sys.version_info[:3])"], capture_output=True, text=True, check=False)
    version = tuple(map(int, found.stdout.split()))
    if version[:2] != sys.version_info[:2] or version >= (3, 11, 4):
        pytest.skip(f"{program} is {'.'.join(map(str, version))}, and 3.11.0 to 3.11.3 is wanted")
    return {"python": program, "PYTHONPATH": os.pathsep.join((str(ROOT), sysconfig.get_path("purelib")))}


def test_the_new_machine_has_debians_python(sent, there, target, history, older_python):
    code, out, error = command(there, sent, "backup", "fetch", "--cluster", **older_python)
    assert (code, error) == (0, ""), out
    code, out, error = command(there, sent, "restore", "cluster", "--to", str(target), **older_python)
    assert (code, error) == (0, ""), out
    assert f"the last transaction being {history.committed[-1][1]}" in out


def test_the_last_commit_before_the_machine_was_lost(sent, there, target, history):
    """What was written of the unfinished segment was sent, too; it is sent again when there is more, once a minute."""
    bring(there, sent)
    done = restore(there.settings, there.folder, Target(), target, check=False)
    assert done.plan.last.xid == history.committed[-1][1]


def test_the_unfinished_segment_is_sent_when_there_is_more(source, monkeypatch):
    with bucket() as objects:
        settings = source.settings.model_copy(update=objects.settings)
        [partial] = source.wal.glob("*.partial")
        name = f"wal/{source.wal.name}/{elsewhere.TAIL}"
        upload_wal(settings, source.folder, Bucket.of(settings))
        assert objects[name] == partial.read_bytes().rstrip(b"\0")
        for seconds, changes in ((60, False), (0, True)):
            monkeypatch.setattr(elsewhere, "SECONDS_BETWEEN_TAILS", seconds)
            replace(partial, lambda content: content[:-1] + b"x")
            upload_wal(settings, source.folder, Bucket.of(settings))
            assert objects[name].endswith(b"x") == changes
        objects[name] = b"nothing"
        upload_wal(settings, source.folder, Bucket.of(settings))
        assert objects[name] == b"nothing"  # there was no news


def test_an_incremental_brings_its_parents(sent, there, history):
    newest = history.entries[-1]
    code, out, error = command(there, sent, "backup", "fetch", newest.id)
    assert (code, error) == (0, "")
    assert f"restore cluster --to DIR --backup {newest.id}" in out
    assert [entry.id for entry in there.entries] == [entry.id for entry in history.entries]


@pytest.mark.parametrize("name", ["clear", "gpg"])
def test_however_it_was_sent(name, history, there, tmp_path):
    words = tmp_path / "words"
    words.write_text("c4nary passphrase\n")
    words.chmod(0o600)
    key = {"backup_passphrase_file": words} if name == "gpg" else {}
    with bucket() as objects, place() as home:
        source = history.copy(home)
        send(source, objects, 1, **key)
        assert any(".gpg" in each for each in objects.names) == (name == "gpg")
        done, said = bring(there, objects, **key)
        assert (len(done), said) == (2, [])
        assert done[1] == FetchedWal(source.wal.name, len(source.segments) + 1, 0, ())  # and the unfinished one
        tree = source.entries[0].parts[0].file
        there_now = {name: content for name, content in contents(there.folder).items() if name.startswith(tree)}
        assert there_now == {name: content for name, content in contents(source.folder).items() if name.startswith(tree)}
    assert not [finding.error for finding in verify(there.settings, there.folder, there.entries, everything=True) if finding.error]


def test_killed_at_any_moment(sent, there):
    """What was whole is not fetched again, and nothing is entered that is not."""
    for seconds in (1.3, 1.9, 2.5):
        process = start(there, sent, "backup", "fetch", "--cluster")
        time.sleep(seconds)
        process.kill()
        process.communicate()
        entries, _ = Catalogue(there.folder).read()
        assert all((there.folder.path / entry.parts[0].file).is_dir() for entry in entries)
    held = {entry.id for entry in there.entries}
    code, out, error = command(there, sent, "backup", "fetch", "--cluster")
    assert (code, error) == (0, "")
    assert {line.partition(":")[0] for line in out.splitlines() if line.endswith("is here already")} == held
    assert not list(there.folder.path.rglob(f"{UNFINISHED}*"))
    assert (len(there.entries), Catalogue(there.folder).read()[1]) == (3, [])
