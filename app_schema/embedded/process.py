"""What the operating system says of a process, on Linux and macOS."""

import subprocess
from pathlib import Path

PROC = Path("/proc")
DEAD = "ZX"  # dead but not reaped, as it stays for ever in a container without an init


def exists(pid: int) -> bool:
    """Whether there is a process of this id, be it a dead one that nobody has reaped."""
    return _look(pid) is not None


def is_alive(pid: int) -> bool:
    """Whether a process of this id still runs."""
    found = _look(pid)
    return found is not None and found[0] not in DEAD


def is_postgres(pid: int) -> bool:
    """Whether this is a live process of PostgreSQL."""
    found = _look(pid)
    return found is not None and found[0] not in DEAD and found[1].startswith("postgres")


def _look(pid: int) -> tuple[str, str] | None:
    """Return the letter of the state and the name of the program."""
    if (PROC / "self/stat").exists():  # slim containers have no ps
        try:
            stat = (PROC / str(pid) / "stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        name, state = stat.partition("(")[2].rsplit(") ", 1)
        return state[0], name
    command = ["/bin/ps", "-o", "stat=,ucomm=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    state, _, name = answer.stdout.strip().partition(" ")
    return (state[0], name.strip()) if state else None
