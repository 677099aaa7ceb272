"""What was read once is read again within a week of nights, a part of it each night, under a clock that the test sets."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sources import a_table, flip

from app_schema.backup import weekly
from app_schema.backup.catalogue import Catalogue
from app_schema.physical.memory import recall
from app_schema.physical.verify import verify

DAY = timedelta(days=1)


@pytest.fixture
def night(source):
    """Run the verify of a night so many days from now; return its findings."""
    now = datetime.now(UTC)
    settings = source.settings.model_copy(update={"backup_window_days": 30})

    def night(day):
        return list(verify(settings, source.folder, source.entries, now=now + day * DAY))

    return night


def errors(found):
    return [finding.error for finding in found if finding.error]


def damage_the_base(source):
    flip(a_table(source))
    return "checksum mismatch"


def damage_the_wal(source):
    flip(source.segments[0], 296)
    return "is damaged after"


@pytest.mark.parametrize("damage", [damage_the_base, damage_the_wal])
def test_a_bit_that_rots_after_it_was_read_is_found_within_seven_nights_and_each_night_from_then_on(source, night, damage):
    assert errors(night(0)) == []
    said = damage(source)
    found = [errors(night(day)) for day in range(1, 9)]
    first = next(day for day, each in enumerate(found) if each)
    assert first < 7
    assert all(said in each[0] for each in found[first:])


def test_a_week_of_nights_reads_every_segment_again_and_each_night_its_share(source, night):
    night(0)
    count = len(source.segments)
    notes = [night(day)[-1].note for day in range(1, 8)]
    again = [int(note.split(" segment")[0].rpartition(", ")[2]) if "again today" in note else 0 for note in notes]
    assert sum("read from" in note for note in notes) == 1  # the end, on the day of the last segment
    assert sum(again) == count
    assert max(again) <= -(-count // 7)
    assert "again today" not in night(7)[-1].note


def test_backups_of_different_days_are_read_in_different_nights_and_a_missed_night_catches_up(source, night):
    for number, entry in enumerate(source.entries):
        started = entry.started + (number - 3) * DAY
        Catalogue(source.folder).amend(entry.id, lambda now, at=started: now.model_copy(update={"started": at}))
    night(0)

    def read(day):
        return {finding.name for finding in night(day) if finding.note == "as written"}

    week = [read(day) for day in range(1, 8)]
    assert sorted(len(each) for each in week) == [0, 0, 0, 0, 1, 1, 1]
    assert set().union(*week) == {entry.id for entry in source.entries}
    assert read(14) == {entry.id for entry in source.entries}  # nobody ran for a week


def test_a_night_after_an_older_version_goes_by_when_the_wal_was_read(source, night):
    night(0)
    system = source.wal.name
    path = source.folder.path / f"wal-{system}.json"
    known = json.loads(path.read_bytes())
    del known["looked"]
    path.write_text(json.dumps(known))
    assert recall(source.folder, system).looked is None
    flip(source.segments[0], 296)
    assert "is damaged after" in errors(night(7))[0]


def test_every_day_has_its_share():
    """Daily and weekly backups are spread over the week alike, and whatever the days between two runs, none is left out."""
    monday = datetime(2026, 11, 23, 20, tzinfo=UTC)
    for begin in range(30):
        taken = monday + begin * DAY
        assert sorted(weekly.day_of(taken + week * 7 * DAY) for week in range(7)) == list(range(7))
    month = [weekly.day_of(monday + day * DAY) for day in range(28)]
    assert {month.count(day) for day in range(7)} <= {3, 4, 5}
    assert weekly.begun(monday, monday) == set()
    assert len(weekly.begun(monday, monday + 3 * DAY)) == 3
    assert weekly.begun(monday, monday + 7 * DAY) == weekly.begun(monday, monday - DAY) == set(range(7))
    whole = [weekly.begun(monday + start * DAY, monday + (start + 1) * DAY) for start in range(7)]
    assert sorted(day for each in whole for day in each) == list(range(7))
