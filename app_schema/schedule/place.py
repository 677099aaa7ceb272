"""Where the program, its settings and its logs are on this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from platformdirs import PlatformDirs

ROOT = 0
OURS = ("APP_SCHEMA_", "DATABASE_", "SLACK_WEBHOOK_URL")


class Place(NamedTuple):
    """Absolute paths; ``environment`` is the file with DATABASE_URL and the like, 0600; the locks lie beside the logs."""

    program: Path
    environment: Path
    logs: Path
    flock: Path
    user: str

    @classmethod
    def here(cls) -> Place:
        """Return those of the program that runs, and of the user who runs it."""
        beside = Path(sys.executable).parent / "app-schema"  # not resolved: a venv's python is a link out of it
        program = beside if beside.exists() else Path(shutil.which("app-schema") or beside)
        folders = PlatformDirs("app_schema", appauthor=False, use_site_for_root=True)
        configuration = Path("/etc/app_schema") if os.geteuid() == ROOT else folders.user_config_path
        logs = Path("/var/log/app_schema") if os.geteuid() == ROOT else folders.user_log_path
        flock = Path(shutil.which("flock") or "/usr/bin/flock")
        return cls(program.absolute(), configuration / "environment", logs, flock, _user())


def settings_here() -> list[str]:
    """Return the names of our settings in this environment, which a job has only if its file names them; no values."""
    return sorted(name for name in os.environ if name.startswith(OURS))


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name
