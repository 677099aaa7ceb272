"""Output that cannot be encoded or written: never a traceback, and a command does its work all the same."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from databases import engine_of
from rows import insert

FULL = Path("/dev/full")
COMMANDS = {"checklist": ("monitor", "--checklist", "daily"), "search": ("search", "예약"), "nonsense": ("nonsense",)}  # one way for all
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
each_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


@pytest.fixture(scope="module")
def shell(app_schema_run, tmp_path_factory):
    """The environment of commands, with a database at head that holds a message in Korean."""
    database = app_schema_run.create()
    with engine_of(database.url).begin() as connection:
        insert(connection, "messages", content="예약을 확인해 주세요")
    url = database.url.render_as_string(hide_password=False)
    yield os.environ | {"DATABASE_URL": url, "APP_SCHEMA_HOME": str(tmp_path_factory.mktemp("home")), "COLUMNS": "120"}
    app_schema_run.drop(database)


def run(shell, command, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    program = Path(sys.executable).with_name("app-schema")
    return subprocess.run([program, *map(os.fsencode, command)], env=shell, check=False, timeout=120, **options)


@pytest.fixture(scope="module")
def usual(shell):
    """How a command ends where nothing is wrong with its output."""
    done = {}

    def of(command):
        if command not in done:
            done[command] = run(shell, command)
        return done[command]

    return of


@pytest.mark.skipif(not FULL.exists(), reason="/dev/full is of Linux")
@each_command
def test_stdout_on_a_full_disk(shell, usual, command):
    with FULL.open("wb") as full:
        done = run(shell, command, stdout=full)
    error = b"error: stdout could not be written: No space left on device\n" if usual(command).stdout else b""
    assert done.stderr == usual(command).stderr + error
    assert done.returncode == (usual(command).returncode or 1)


@pytest.mark.skipif(not FULL.exists(), reason="/dev/full is of Linux")
def test_stderr_on_a_full_disk(shell, usual):
    """Nobody can be told, and what the command did is no other for it."""
    with FULL.open("wb") as full:
        assert run(shell, ("nonsense",), stderr=full).returncode == usual(("nonsense",)).returncode
        assert run(shell, ("--version",), stdout=full, stderr=full).returncode == 1


@each_command
def test_a_closed_pipe(shell, usual, command):
    """As of `| head -1`: the exit code is that of the command."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(shell, command, stdout=writing)
        both = run(shell, ("nonsense",), stdout=writing, stderr=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (usual(command).returncode, usual(command).stderr)
    assert both.returncode == 2


@each_command
@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "ascii"}, C_LOCALE], ids=["encoding", "locale"])
def test_ascii(shell, usual, command, locale):
    done = run(shell | locale, command)
    assert done.returncode == usual(command).returncode
    assert b"Traceback" not in done.stderr
    assert done.stdout.isascii()
    assert done.stderr.isascii()
    assert bool(done.stdout) == bool(usual(command).stdout)


@pytest.mark.parametrize(("command", "code"), [("nonsense", 2), ("--version", 0)])
def test_closed_streams(shell, command, code):
    """As of `>&- 2>&-`."""
    script = f'"$0" {command} >&- 2>&-'
    done = subprocess.run(["/bin/sh", "-c", script, Path(sys.executable).with_name("app-schema")], env=shell, check=False, timeout=120)
    assert done.returncode == code


def test_a_pipe_that_does_not_wait(shell, usual):
    """Another program that shares the pipe made it non-blocking; what does not fit waits for its reader."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.write(writing, b"x" * 65536)  # it is full
    with subprocess.Popen([Path(sys.executable).with_name("app-schema"), "--version"], env=shell, stdout=writing) as process:
        os.close(writing)
        read = b"".join(iter(lambda: os.read(reading, 65536), b""))
    os.close(reading)
    assert read.lstrip(b"x") == usual(("--version",)).stdout
    assert process.returncode == 0


def test_a_dumb_terminal(shell):
    """No colours, nothing that moves, and no traceback."""
    ours, theirs = pty.openpty()
    output = bytearray()
    program = Path(sys.executable).with_name("app-schema")
    with subprocess.Popen(
        [program, "status"], env=shell | C_LOCALE | {"TERM": "dumb"}, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        try:
            while read := os.read(ours, 65536):
                output += read
        except OSError:  # how Linux says that the other side is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    assert b"\x1b" not in output
    assert b"messages" in output
    assert b"Traceback" not in output


def test_a_home_that_the_locale_cannot_encode(shell, tmp_path):
    """One line, before anything is made there."""
    home = tmp_path / "한글"
    done = run(shell | C_LOCALE | {"APP_SCHEMA_HOME": str(home)}, ("down",))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"error: APP_SCHEMA_HOME holds characters that the locale of this shell cannot encode: set PYTHONUTF8=1\n"
    assert not home.exists()
