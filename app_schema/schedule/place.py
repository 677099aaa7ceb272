"""Where the program, its settings and its logs are on this machine."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from platformdirs import PlatformDirs

ROOT = 0
# what a job reads: our own settings, what boto3 and libpq take, and the ways to the storage and the channels
READ = re.compile(
    r"APP_SCHEMA_\w+|DATABASE_\w+|SLACK_WEBHOOK_URL|XDG_(DATA|CONFIG)_HOME|TMPDIR|GNUPGHOME"
    r"|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|SECURITY_TOKEN|(DEFAULT_)?PROFILE|(DEFAULT_)?REGION|CONFIG_FILE)"
    r"|AWS_(SHARED_CREDENTIALS_FILE|ENDPOINT_URL(_\w+)?|IGNORE_CONFIGURED_ENDPOINT_URLS|CA_BUNDLE|ROLE_ARN|ROLE_SESSION_NAME)"
    r"|AWS_(WEB_IDENTITY_TOKEN_FILE|CONTAINER_\w+|EC2_METADATA_\w+|METADATA_SERVICE_\w+|MAX_ATTEMPTS|RETRY_MODE|DEFAULTS_MODE)"
    r"|AWS_(USE_\w+_ENDPOINT|REQUEST_CHECKSUM_CALCULATION|RESPONSE_CHECKSUM_VALIDATION)"
    r"|PG(HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|SYSCONFDIR|OPTIONS|SSL[A-Z]+|REQUIREAUTH)"
    r"|PG(CHANNELBINDING|REQUIREPEER|GSS[A-Z]+|KRBSRVNAME|CONNECT_TIMEOUT|TARGETSESSIONATTRS)"
    r"|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy"
)


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
    """Return the names of what a job reads from this environment, and has only if its file holds them; no values."""
    return sorted(name for name in os.environ if READ.fullmatch(name))


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name
