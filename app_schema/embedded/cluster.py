"""The data of the server: made once, configured at every start."""

import secrets
import shutil
from pathlib import Path

from app_schema.embedded import private
from app_schema.embedded.account import Account
from app_schema.embedded.binaries import Binaries
from app_schema.errors import EmbeddedServerError

CONF = "app_schema.conf"
BUILTIN_LOCALE = 17  # the first version that has a locale of its own, the same on every machine
SUMMARIZE_WAL = 17


def read_major(data: Path) -> int | None:
    """Return the major version of the data, or None if there is none yet."""
    file = data / "PG_VERSION"
    return int(file.read_text(encoding="ascii")) if file.exists() else None


def initialise(data: Path, password: Path, binaries: Binaries, account: Account, lock: int) -> None:
    """Make a new cluster in ``data`` and the password of its superuser in the file ``password``.

    All of it happens in a folder beside it, so that an interrupted attempt is swept away by the next. ``lock``
    is a handle that initdb keeps open: it holds the home until it has ended, even if we are killed.

    Raises:
        EmbeddedServerError: initdb failed, with its last line.
    """
    draft = data.with_name("draft")
    if draft.exists():
        shutil.rmtree(draft)
    private.make_way(draft, account.folder_mode)
    private.make_folder(draft / "data", account)
    secret = secrets.token_urlsafe(32)
    private.write(draft / "password", secret, account)
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= BUILTIN_LOCALE else []
    with binaries.for_shell() as tools:
        answer = account.run(
            [
                tools.folder / "initdb",
                *("--pgdata", draft / "data", "--pwfile", draft / "password", "--username=postgres"),
                *("--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--no-locale", *builtin, "--no-instructions"),
            ],
            env=tools.env,
            pass_fds=[lock],
        )
    if answer.returncode:
        raise EmbeddedServerError(f"The embedded server could not be made: {(answer.stderr.strip().splitlines() or ['initdb failed'])[-1]}")
    private.append(draft / "data" / "postgresql.conf", f"\ninclude '{CONF}'  # rewritten at every start; add your own below\n", account)
    private.write(password, secret)
    (draft / "data").rename(data)
    shutil.rmtree(draft)


def configure(data: Path, sockets: Path, major: int, account: Account) -> None:
    """Write our settings; what ``postgresql.conf`` says after them, or ALTER SYSTEM, prevails."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": '"{}"'.format(str(sockets).replace('"', '""')),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "wal_level": "replica",
        "max_wal_size": "2GB",
        "max_slot_wal_keep_size": "10GB",  # a receiver of WAL that is away does not fill the disk
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",  # a failing statement may hold what must not be logged
    } | ({"summarize_wal": "on"} if major >= SUMMARIZE_WAL else {})
    private.write(data / CONF, "".join(f"{name} = {_quote(value)}\n" for name, value in settings.items()), account)


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"
