"""Where seeds may be sown: never in a protected database, and elsewhere than here only when told so."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from psycopg.pq import Conninfo

from app_schema.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import URL

PLACES = ("host", "hostaddr", "service")  # what a service file says is not known here, so it counts as elsewhere


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
    """Return every host that libpq may connect to: of the URL's body, its query and its lists, else of PGHOST and the like."""
    asked = {name: value if isinstance(value, str) else ",".join(value) for name in PLACES if (value := url.query.get(name))}
    if url.host:
        asked["host"] = ",".join(filter(None, (url.host, asked.get("host"))))
    for option in Conninfo.get_defaults():
        if option.keyword.decode() in PLACES and option.val:
            asked.setdefault(option.keyword.decode(), option.val.decode())
    return [host for part in asked.values() for host in part.split(",") if host]


def is_local(host: str) -> bool:
    """Tell a Unix socket, localhost and loopback addresses from everything else."""
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
