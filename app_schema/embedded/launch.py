"""Starting and ending the postmaster, and waiting for it."""

import math
import os
import re
import signal
import time
from pathlib import Path

from app_schema.embedded import private, process, sockets
from app_schema.embedded.account import Account
from app_schema.embedded.binaries import Binaries
from app_schema.embedded.postmaster import Postmaster
from app_schema.errors import EmbeddedServerError

SECONDS_TO_START = 120  # recovery after a crash may have 2 GB of WAL to read
SECONDS_TO_STOP = 120
SECONDS_TO_LISTEN = 5
SECONDS_OF_ORPHANS = 60  # the children of a killed server notice it within moments, on a busy machine later
ORPHANED = "shared memory block"  # said by a new server while children of a killed one still use its memory
FAREWELL = re.compile(r"unexpected postmaster exit|postmaster exited")  # written to the same log by those children
PAUSE = 0.02
# The paths are arguments and no part of the script; pg_ctl would paste them into a command for the shell.
# The shell ends at once: the server is no child of ours, and holds none of our pipes.
SCRIPT = 'log=$1; shift; exec "$@" >>"$log" 2>&1 </dev/null & echo $!'


def launch(data: Path, log: Path, binaries: Binaries, account: Account, *, recovering: bool = False) -> None:
    """Start a server on ``data`` and wait until it takes connections.

    One that is ``recovering`` replays its archived WAL first, however long that takes, and ends the recovery.

    Raises:
        EmbeddedServerError: it ended instead, with the line of its log that says why, or it takes too long.
    """
    orphans = time.monotonic() + SECONDS_OF_ORPHANS
    while True:
        size = private.append(log, "", account)
        command: list[str | Path] = ["/bin/sh", "-c", SCRIPT, "sh", log, binaries.folder / "postgres", "-D", data]
        answer = account.run(command, env=binaries.env, start_new_session=True)
        if answer.returncode:
            raise EmbeddedServerError(f"The embedded server did not start: {answer.stderr.strip()}")
        if _wait(data, int(answer.stdout), log, recovering=recovering):
            return
        reason = _read_reason(log, size, int(answer.stdout))
        if ORPHANED not in reason:
            raise EmbeddedServerError(f"The embedded server did not start: {reason} (all of it: {log})")
        if time.monotonic() > orphans:
            raise EmbeddedServerError(
                f"The embedded server did not start: it was killed, and after {SECONDS_OF_ORPHANS} s processes of it are still at work"
                f" in {data}: end them, or wait and try again"
            )
        time.sleep(0.2)


def settle(data: Path, log: Path) -> bool:
    """Wait for a server that is starting or stopping, and clear away what a killed one left.

    Returns:
        Whether a server takes connections now.

    Raises:
        EmbeddedServerError: a process of PostgreSQL has the id in ``postmaster.pid`` and does not answer.
    """
    postmaster = Postmaster.read(data)
    if not postmaster:
        return False
    patience = time.monotonic() + SECONDS_TO_LISTEN
    while process.is_postgres(postmaster.pid):
        if postmaster.listening:
            return _wait(data, postmaster.pid, log)
        if time.monotonic() > patience:
            raise EmbeddedServerError(
                f"Process {postmaster.pid} of {postmaster.file} is a PostgreSQL that does not answer: "
                "stop it, or remove the file if it is the process of another server"
            )
        time.sleep(PAUSE)
        postmaster = Postmaster.read(data) or postmaster
    postmaster.forget()
    sockets.discard_folder(postmaster.sockets)
    return False


def end(postmaster: Postmaster) -> None:
    """Shut the server down fast and wait for it.

    Raises:
        EmbeddedServerError: it takes longer than two minutes.
    """
    os.kill(postmaster.pid, signal.SIGINT)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while process.is_alive(postmaster.pid):
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"The embedded server has not stopped in {SECONDS_TO_STOP} s; it is still writing: wait and try again"
            )
        time.sleep(PAUSE)
    sockets.discard_folder(postmaster.sockets)


def _wait(data: Path, pid: int, log: Path, *, recovering: bool = False) -> bool:
    """Wait until the server of process ``pid`` takes connections; return False if it ends instead."""
    deadline = time.monotonic() + (math.inf if recovering else SECONDS_TO_START)
    while process.is_alive(pid):
        postmaster = Postmaster.read(data)
        if postmaster and postmaster.pid == pid and postmaster.ready and not (recovering and postmaster.status == "standby"):
            return True
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"The embedded server is not ready after {SECONDS_TO_START} s; it may be recovering: look at {log}")
        time.sleep(PAUSE)
    return False


def _read_reason(log: Path, start: int, pid: int) -> str:
    """Return why the server of process ``pid`` ended, from what was written to ``log`` since byte ``start``.

    The children of a killed server write to the same log while they end: none of their lines is a reason.
    """
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    said = [(found[1], found[2], line) for line in lines if (found := re.search(r"\b(LOG|ERROR|FATAL|PANIC):\s+(.*)", line))]
    said = [(level, text, line) for level, text, line in said if "contains errors" not in text and not FAREWELL.search(text)]
    fatal = [(text, line) for level, text, line in said if level in ("FATAL", "PANIC")]
    held = [text for text, _ in fatal if ORPHANED in text]
    own = [text for text, line in fatal if f"[{pid}]" in line]  # unless log_line_prefix was changed
    texts = held or own or [text for text, _ in fatal] or [text for _, text, _ in said] or lines
    return texts[-1] if texts else "it said nothing"
