"""What the monitor says of the archive of WAL."""

import pytest
from sources import replace

from app_schema.engine import connect
from app_schema.memory import Memory
from app_schema.monitoring import snapshot
from app_schema.monitoring.wal import Archive, judge
from app_schema.physical import status
from app_schema.physical.verify import verify


@pytest.fixture
def look(source, monkeypatch):
    """Look as ``app-schema monitor`` does, at a database without our schema."""
    monkeypatch.setattr(status, "_elsewhere", lambda *_: None)  # tests beside it receive from that server into archives of their own

    def look_at():
        settings = source.settings.model_copy(update={"home": source.home})
        with connect(settings) as connection, Memory.of(settings) as memory:
            found = snapshot.take(connection, settings, memory)
        [reading] = [reading for reading in found.readings if reading.topic.name == "wal"]
        missing = [metric.value for metric in found.metrics if metric.name == "pgbackup_wal_missing_segments"]
        return reading.rows, missing, [finding for finding in found.findings if finding.subject == "wal"]

    return look_at


def test_one_that_goes_on(look):
    (row,), missing, findings = look()
    assert row.receiver in {"away", "lost"}  # its slot is still there, and others write on that server
    assert (row.gap, missing, findings) == (None, [0], [])


def test_a_segment_is_missing(look, source):
    path = source.segments[-1]
    path.unlink()
    (row,), missing, (finding,) = look()
    assert (row.missing_segments, missing) == (1, [1])
    assert (finding.rule, finding.command) == ("wal-gap", "app-schema backup base")
    assert path.name in finding.says


def test_a_segment_is_cut_off(look, source):
    replace(source.segments[-1], lambda content: content[:4096])
    *_, (finding,) = look()
    assert "4,096 bytes" in finding.says


def test_without_base_backups_nobody_relies_on_it(look, source):
    for path in source.folder.path.glob("*.json"):
        path.unlink()
    assert look() == ((), [], [])


def test_a_hole_that_a_later_backup_leads_over_stays_known(look, source):
    missing = source.segments[0]
    missing.unlink()
    list(verify(source.settings, source.folder, source.entries))
    (row,), _, findings = look()
    assert (row.gap, findings) == (None, [])
    [hole] = row.holes
    [note] = judge([row], None)
    assert (note.rule, note.severity) == ("wal-hole", "note")
    assert note.says == f"WAL is missing or damaged from {hole}"
    assert hole.startswith(f"{missing.name}, known since ")


def test_the_receiver_writes_into_another_archive():
    [finding] = judge([Archive("receiving", "off", None, 0, "a gap", "it ends elsewhere", ())], None)
    assert (finding.rule, finding.says) == ("wal-elsewhere", "it ends elsewhere")


def test_nobody_archives():
    [finding] = judge([Archive("none", "off", None, 0, None, None, ())], None)
    assert (finding.rule, finding.command.partition(",")[0]) == ("wal-not-archived", "app-schema backup wal")
