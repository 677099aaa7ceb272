"""Where seeds may be sown: never in a protected database, and elsewhere than here only when told so."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from psycopg.pq import Conninfo

from app_schema.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import URL

PLACES = (b"host", b"hostaddr", b"service")


def check_allowed(url: URL, protect: Collection[str], *, yes: bool = False) -> None:
    """Look at the address alone; nothing is connected to.

    Raises:
        SettingsError: the database is protected, or its server is not on this machine and nobody said ``yes``.
    """
    if url.database in protect:
        raise SettingsError(
            f"database {url.database} is named in APP_SCHEMA_PROTECT, which seeds never touch; name another in DATABASE_URL"
        )
    away = [host for host in hosts(url) if not is_local(host)]
    if away and not yes:
        raise SettingsError(f"{away[0]} is not this machine; to seed database {url.database} there all the same, add --yes")


def hosts(url: URL) -> list[str]:
    """Return every host that libpq may connect to: of the URL's body, its query and its lists, else its own defaults."""
    asked = [url.host or ""]
    for name in ("host", "hostaddr", "service"):  # what a service file says is not known here, so it counts as elsewhere
        value = url.query.get(name, ())
        asked += [value] if isinstance(value, str) else value
    named = [host for part in asked for host in part.split(",") if host]
    return named or [host for host in _defaults() if host]


def _defaults() -> list[str]:
    # of PGHOST and the like, as libpq reads them
    return [
        option.val.decode() for option in Conninfo.get_defaults() if option.keyword in (b"host", b"hostaddr", b"service") and option.val
    ]


def is_local(host: str) -> bool:
    """Tell a Unix socket, localhost and loopback addresses from everything else."""
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
