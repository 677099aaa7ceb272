"""Commands in one folder: those of different tasks run side by side, those of one task wait for each other, for a bounded time."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app_schema import patience
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.dump import dump
from app_schema.backup.entry import Kind
from app_schema.backup.folder import PRUNE_OR_FETCH, UNFINISHED
from app_schema.backup.prune import prune
from app_schema.backup.tree import drafted
from app_schema.errors import BackupBusy
from app_schema.physical.elsewhere import WAL_UPLOAD, upload_wal

LONG = 120  # seconds


class Heard(logging.Handler):
    """What is said while a command waits; ``event`` is set by the first line."""

    def __init__(self):
        super().__init__()
        self.event, self.lines = threading.Event(), []

    def emit(self, record):
        self.lines.append(record.getMessage())
        self.event.set()


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(patience, "QUIET", 0.0)
    handler = Heard()
    patience.LOG.addHandler(handler)
    yield handler
    patience.LOG.removeHandler(handler)


def test_a_dump_does_not_wait_for_other_kinds_nor_a_prune_for_a_dump(settings, folder, heard):
    with folder.alone(Kind.BASE), folder.alone(Kind.SNAPSHOT), folder.alone(PRUNE_OR_FETCH):
        entry = dump(settings, folder)
    with folder.alone(Kind.DUMP):
        assert [decision.entry.id for decision in prune(settings, folder, dry_run=False)] == [entry.id]
    assert heard.lines == []


def test_another_dump_is_waited_for_and_named(settings, folder, heard):
    begun = threading.Event()

    def hold():
        with folder.alone(Kind.DUMP):
            begun.set()
            assert heard.event.wait(LONG)

    with ThreadPoolExecutor(1) as beside:
        other = beside.submit(hold)
        assert begun.wait(LONG)
        dump(settings, folder)
        other.result()
    [line] = heard.lines
    assert line.startswith(f"waiting for another dump in {folder.path} (process {os.getpid()}, since 2")
    assert line.endswith(" KST), at most 4 h")
    assert not list(folder.path.glob("*.lock")) + list(folder.path.glob(".dump.lock"))


def test_one_that_does_not_end_in_time(settings, folder, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    named = rf"another dump in .* \(process {os.getpid()}, since .* KST\) did not end in 0\.2 s; wait for it, or end it, and try again$"
    with folder.alone(Kind.DUMP), pytest.raises(BackupBusy, match=named):
        dump(settings, folder)
    dump(settings, folder)


def test_a_file_whose_entry_is_being_written_is_no_stray(settings, folder):
    entry = dump(settings, folder)
    note = folder.path / f"{entry.id}.json"
    with folder.draft(note.name) as draft:
        note.rename(note.with_name("away"))
        assert Catalogue(folder).read() == ([], [])
        draft.path.unlink()
        [problem] = Catalogue(folder).read()[1]
    assert (problem.file, "has no entry" in problem.message) == (entry.parts[0].file, True)


def test_the_receiver_does_not_wait_for_another_upload_of_wal(settings, folder):
    with folder.alone(WAL_UPLOAD), pytest.raises(BackupBusy, match=rf"another upload of WAL in {folder.path} .* is running; "):
        upload_wal(settings, folder, None, wait=0)


def test_a_sweep_leaves_what_others_are_writing(folder):
    """Whether they have just begun, or are about to keep it."""
    ended = threading.Event()

    def sweep():
        while not ended.is_set():
            Catalogue(folder).sweep()

    with ThreadPoolExecutor(2) as beside:
        sweeps = [beside.submit(sweep) for _ in range(2)]
        try:
            for number in range(300):
                with folder.draft(f"{number}.draft") as draft:
                    assert draft.path.exists()
                    draft.keep()
                with drafted(folder, f"{number}.tree") as tree:
                    assert tree.path.is_dir()
                    tree.keep()
        finally:
            ended.set()
        assert [each.result() for each in sweeps] == [None, None]
    assert len(list(folder.path.glob("*.draft"))) == len(list(folder.path.glob("*.tree"))) == 300
    assert not list(folder.path.glob(f"{UNFINISHED}*"))
