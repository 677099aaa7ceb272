"""The times on the screens of a recovery: one zone on all of them, whatever the machine's is, and each can be pasted back."""

import os
import re

import pytest
from click.testing import CliRunner

from app_schema import moments
from app_schema.cli import main
from app_schema.restore.plan import plan
from app_schema.restore.target import Target

TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:[A-Z]{1,4}\b|[+-]\d\d:?\d\d))?")
LAST = re.compile(r"last transaction(?: being|,) (\d+)(?: of|, ended) (\S+ \S+ KST)")


@pytest.fixture
def run(source, monkeypatch):
    """Run the command line on a machine that is set to another zone."""
    place = {"DATABASE_URL": source.url.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(source.settings.backup_dir)}
    monkeypatch.setenv("TZ", "America/New_York")
    return lambda *arguments: CliRunner().invoke(main, arguments, env=os.environ | place)


def test_every_time_on_a_screen_is_of_one_zone(source, run, target):
    moment = source.committed[17][2]
    asked = moments.exact(moment)
    assert asked.endswith(" KST")
    screens = [
        run("backup", "list"),
        run("backup", "verify"),  # reads all
        run("backup", "verify"),  # says when it was read
        run("backup", "wal", "--status"),
        run("restore", "cluster", "--to", str(target), "--target-time", asked),
        run("restore", "cluster", "--to", str(target.with_name("early")), "--target-time", "2020-01-01 09:00 KST"),
        run("restore", "cluster", "--to", str(target.with_name("late")), "--target-time", "2099-01-01 09:00 KST"),
    ]
    assert [each.exit_code for each in screens] == [0, 0, 0, screens[3].exit_code, 0, 2, 1], [each.output for each in screens]
    for each in screens:
        times = TIME.findall(each.output)
        assert times or each is screens[1], each.output
        assert {time[-4:] for time in times} <= {" KST"}, each.output
        assert "UTC" not in each.output
        for time in times:
            moments.read(time)

    recovered, early, late = (each.output for each in screens[4:])
    assert f"reached {asked}: " in recovered
    for said, (_, xid, at) in ((recovered, source.committed[17]), (late, source.committed[-1])):
        shown = LAST.search(said)
        assert (int(shown[1]), moments.read(shown[2])) == (xid, at)
    assert plan(source.settings, source.folder, Target.at(LAST.search(recovered)[2])).last.xid == source.committed[17][1]
    first = re.search(r"is consistent from (\S+ \S+ KST) on", early)[1]  # the first moment that can be reached
    assert plan(source.settings, source.folder, Target.at(first)).members[0].id == source.entries[0].id
