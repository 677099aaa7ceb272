"""A person at a terminal sees what is being done; a pipe sees nothing of it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from app_schema.cli.progress import watching

COLUMNS = 80
DAY = """
from app_schema.cli import main
for words in {commands!r}:
    try:
        main(words)
    except SystemExit as end:
        assert not end.code
"""


def screen(commands, environment):
    """Run commands on a terminal of 80 columns; return every line that it showed, in order."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    command = [sys.executable, "-c", DAY.format(commands=commands)]
    process = subprocess.Popen(command, env=os.environ | environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while block := os.read(ours, 65536):
            shown += block
    except OSError:  # how a terminal ends
        pass
    os.close(ours)
    assert process.wait() == 0, shown
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()))
    return [line for line in lines if line]


def test_every_step_is_shown_in_one_line_of_a_terminal(folder, filled):
    environment = {
        "DATABASE_URL": filled.render_as_string(hide_password=False),
        "APP_SCHEMA_BACKUP_DIR": str(folder.path),
        "TERM": "xterm",
    }
    lines = screen([["backup", "dump"], ["restore", "drill"], ["backup", "verify"]], environment)
    steps = [line for line in lines if re.search(r"\d:\d\d:\d\d$", line)]
    assert any(re.fullmatch(r"\S+-dump-\S+: \S+ kB, as written", line) for line in lines)
    assert {len(line) for line in steps} == {COLUMNS}
    seen = list(dict.fromkeys(re.match(r"[a-z, ]+[a-z]", line)[0] for line in steps))
    assert seen == ["dumping", "checking", "restoring rows, indexes and keys", "comparing", "reading every page", "verifying"]
    assert not [line for line in steps if "?" in line]
    assert any(re.search(r"dumping .* \d+\.\d kB", line) for line in steps)
    assert any(re.search(r"checking .* of \d+\.\d kB", line) for line in steps)


@pytest.mark.parametrize("columns", [60, 80])
def test_no_terminal_is_too_narrow(columns, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    with watching() as steps:
        steps.begin("checking", 123_456_789_000)
        steps(12_345_678_900)
    lines = [line for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)) if line]
    assert {len(line) for line in lines} == {columns}
    assert re.search(r"^checking .* 12\.3 GB of 123\.5 GB(, .*)? 0:00:00$", lines[-1])


def test_in_a_pipe_it_is_quiet(capsys):
    with watching() as steps:
        steps.begin("dumping")
        steps(1)
    assert capsys.readouterr() == ("", "")
