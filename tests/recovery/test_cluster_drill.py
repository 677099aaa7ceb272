"""A drill of a cluster: its result is in the catalogue, and nothing else is left of it."""

import tempfile

import pytest
from sources import flip

from app_schema.errors import DiskTooSmall
from app_schema.physical.base import base, incremental
from app_schema.restore.cluster_drill import PREFIX, drill


class Told:
    """Watches."""

    def __init__(self):
        self.begun, self.passed, self.total = [], 0, None

    def begin(self, what, total=None, /):
        self.begun.append(what)
        self.total = total

    def __call__(self, count, /):
        self.passed += count


@pytest.fixture(autouse=True)
def temporary(target, monkeypatch):
    """Drills find their place here."""
    target.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(target))
    yield target
    assert not list(target.glob(f"{PREFIX}*"))


def test_the_newest_to_the_end_of_its_wal(source):
    steps = Told()
    name, done = drill(source.settings, source.folder, "latest", steps=steps)
    assert name == source.entries[-1].id
    assert (done.drill.passed, done.drill.quick, source.entries[-1].drills) == (True, False, (done.drill,))
    assert [step.split()[0] for step in steps.begun] == ["reading", "proving", "proving", "copying", "replaying", "checking"]


def test_one_to_its_own_end_quickly(source):
    first = source.entries[0].id
    steps = Told()
    name, done = drill(source.settings, source.folder, first, quick=True, steps=steps)
    assert (name, done.drill.passed, done.drill.quick) == (first, True, True)
    assert "checking every index and every page" not in steps.begun
    assert [len(entry.drills) for entry in source.entries] == [1, 0, 0]


def test_a_damaged_one_fails_and_is_noted(source):
    flip(max((source.folder.path / source.entries[0].parts[0].file / "data/base").rglob("*"), key=lambda path: path.stat().st_size))
    _, done = drill(source.settings, source.folder, "latest", quick=True)
    assert not done.drill.passed
    assert "checksum mismatch" in done.drill.error
    assert source.entries[-1].drills == (done.drill,)


def test_one_that_could_not_begin_proves_nothing(source, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 0}))
    with pytest.raises(DiskTooSmall, match="has 0 MB free"):
        drill(source.settings, source.folder, "latest")
    assert not any(entry.drills for entry in source.entries)


def test_what_a_backup_tells_while_it_comes(source, monkeypatch):
    """Bytes so far, and of a base how many there will be as the server estimates."""
    monkeypatch.setattr("app_schema.physical.base.SECONDS_BETWEEN_LOOKS", 0.001)
    for take, known in ((base, True), (incremental, False)):
        steps = Told()
        take(source.settings, source.folder, steps)
        assert len(steps.begun) == 1
        assert 0 < steps.passed <= source.entries[0].size * 1.1
        assert (steps.total is not None) == known
