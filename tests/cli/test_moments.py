"""Times as people write and read them."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from programs import ROOT

from app_schema import moments
from app_schema.errors import SettingsError

AT = datetime(2026, 11, 27, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-27 14:30 KST",
        " 2026-11-27 14:30:00 kst ",
        "2026-11-27T14:30KST",
        "2026-11-27 14:30 Asia/Seoul",
        "2026-11-27T14:30:00+09:00",
        "2026-11-27 14:30:00.000000+09",  # as PostgreSQL prints it
        "2026-11-27 14:30:00 +0900",  # as date '+%F %T %z' does
        "2026-11-27T05:30:00Z",
        "2026-11-27 05:30:00.000 UTC",  # as PostgreSQL's log does
        "20261127T053000Z",  # as the ids of backups begin
        "2026-11-27 00:30 America/New_York",
        "2026-11-26 20:30 Etc/GMT+9",
    ],
)
def test_a_time_with_its_zone_is_read(text):
    assert moments.read(text) == AT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-27 14:30", "has no zone"),
        ("2026-11-27T14:30:00", "has no zone"),
        ("2026-11-27", "names no day with a time"),
        ("2026-11-27 KST", "names no day with a time"),
        ("14:30 KST", "names no day with a time"),
        ("yesterday", "names no day with a time"),
        ("", "names no day with a time"),
        ("2026-11-27 14:30 IST", "has the zone IST, which may mean several"),
        ("2026-11-27 14:30 Asia/Soul", "has the zone Asia/Soul, which is not known here"),
        ("2026-11-27 14:30 America/Indiana", "has the zone America/Indiana, which is not known here"),
        ("2026-11-27T14:30Z Asia/Seoul", "has two zones"),
        ("2026-11-27 14:30+09:00 KST", "has two zones"),
        ("2026-11-31 14:30 KST", "is no time that can be read"),
        ("2026-11-27 25:30 KST", "is no time that can be read"),
        ("2026-11-01 01:30 America/New_York", "is no single moment"),  # twice
        ("2026-03-08 02:30 America/New_York", "is no single moment"),  # never
    ],
)
def test_what_is_no_single_moment_is_refused_with_one_line(text, why):
    with pytest.raises(SettingsError) as refused:
        moments.read(text)
    assert str(refused.value).startswith(f"the time {text!r} {why}")
    assert str(refused.value).count("\n") == 0
    assert "'2026-11-27 14:30 KST'" in str(refused.value)


def test_what_is_printed_can_be_pasted_back():
    for at in (AT, AT.replace(second=7), AT.replace(microsecond=120)):
        assert moments.read(moments.exact(at)) == at
    assert moments.exact(AT.replace(microsecond=120)) == "2026-11-27 14:30:00.000120 KST"
    assert moments.minute(AT.replace(second=59)) == "2026-11-27 14:30 KST"
    assert moments.day(datetime(2026, 11, 26, 15, tzinfo=UTC)) == "2026-11-27"


def test_a_machine_without_zones_of_its_own():
    """Such as a small container: the zones come with the package."""
    read = "from app_schema import moments; from app_schema.cli import backup; print(moments.read('2026-11-27 14:30 Asia/Seoul'))"
    done = subprocess.run([sys.executable, "-c", read], env=os.environ | {"PYTHONTZPATH": ""}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("2026-11-27 14:30:00+09:00\n", "")


def test_no_command_prints_times_in_a_way_of_its_own():
    """Ids, names of files and the figures' axes are made of times, and are none."""
    allowed = {"moments.py", "monitoring/formats/plots.py"}
    found = {
        path.relative_to(ROOT / "app_schema").as_posix()
        for path in (ROOT / "app_schema").rglob("*.py")
        if re.search(r"%H:%M[^\"']*\}|isoformat\(sep|isoformat\(timespec|strftime\(", path.read_text())
    }
    # what PostgreSQL reads, and a comment on a throwaway database that is compared as text
    assert found - allowed == {"restore/isolation.py", "testing/run.py"}
