"""A receiver writes on, and finishes its segment, while the WAL is read."""

import pytest

from app_schema.errors import BackupError
from app_schema.physical import tail
from app_schema.physical.archive import PARTIAL, Archive, opened
from app_schema.physical.segments import written
from app_schema.restore.cluster import restore
from app_schema.restore.plan import plan
from app_schema.restore.target import Target


@pytest.fixture
def partial(source):
    """The unfinished segment."""
    [path] = source.wal.glob(f"*{PARTIAL}")
    return path


def test_a_segment_is_finished_before_it_is_read(source, partial, tmp_path):
    end = source.reader.prove()
    reader = source.reader
    partial.rename(partial.with_suffix(""))
    assert reader.prove() == end
    reader.route.check_headers(source.wal.name, 0)
    reader.route.files[-1].copy(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == partial.with_suffix("").read_bytes()


def test_a_segment_is_finished_while_it_is_read(source, partial, monkeypatch):
    """pg_waldump opens it by its name, and the end is looked at after that."""
    end = source.reader.prove()
    ends_after = tail.ends_after

    def finished(route, last):
        partial.rename(partial.with_suffix(""))
        return ends_after(route, last)

    monkeypatch.setattr(tail, "ends_after", finished)
    assert source.reader.prove() == end


def test_records_that_come_after_it_was_read_are_no_sign_of_damage(source, partial, monkeypatch):
    """What pg_waldump could not read yet is complete a moment later, and others follow it."""
    whole = partial.read_bytes()
    half = len(whole.rstrip(b"\0")) // 2
    partial.write_bytes(whole[:half].ljust(len(whole), b"\0"))
    ends_after = tail.ends_after

    def written_on(route, last):
        partial.write_bytes(whole)
        return ends_after(route, last)

    monkeypatch.setattr(tail, "ends_after", written_on)
    end = source.reader.prove()
    assert end % len(whole) <= half
    monkeypatch.setattr(tail, "ends_after", ends_after)
    assert source.reader.prove() > end


def test_a_restore_to_the_latest_moment(source, partial, target, monkeypatch):
    """The plan is made, then the segment is finished."""

    def planned(*arguments):
        made = plan(*arguments)
        partial.rename(partial.with_suffix(""))
        return made

    monkeypatch.setattr("app_schema.restore.cluster.plan", planned)
    done = restore(source.settings, source.folder, Target(), target, check=False)
    assert done.plan.last.xid == source.committed[-1][1]


def test_a_copy_has_no_holes(source, partial, tmp_path, monkeypatch):
    """What is written after the copy was begun is left out as a whole."""
    whole = partial.read_bytes()

    def written_on(file):
        length = written(file)
        with partial.open("r+b") as more:
            more.seek(length)
            more.write(b"x" * (4 << 20))
        return length

    file = source.reader.route.files[-1]
    monkeypatch.setattr("app_schema.physical.route.written", written_on)
    file.copy(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == whole != partial.read_bytes()


def test_no_room_for_the_copy(source, small_disk, monkeypatch):
    (small_disk / "full").write_bytes(bytes(20 << 20))
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    partial = source.reader.route.files[-1].path
    partial.write_bytes(partial.read_bytes().rstrip(b"\0").ljust(16 << 20, b"x"))
    with pytest.raises(BackupError, match=r"cannot be copied to .*: No space left on device; make room there, or set TMPDIR"):
        source.reader.prove()


def test_a_segment_that_the_listing_missed(source):
    """One that is renamed while a folder is listed may be seen under neither name."""
    archive = Archive(source.wal, 16 << 20)
    name = source.segments[1].name
    del archive.files[name]
    assert archive.whole(name) == source.segments[1]
    assert archive.whole("0" * 24) is None
    with pytest.raises(FileNotFoundError):
        opened(source.wal / f"{'0' * 24}{PARTIAL}")
