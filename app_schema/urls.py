"""URLs of databases and of other services: read where they enter, and never repeated, since a URL may hold a secret."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVERS = ("postgres", "postgresql", "postgresql+psycopg")
PREPARE_THRESHOLD = "prepare_threshold"
HIDDEN = ("Cc", "Cf", "Zl", "Zp")  # categories of characters that no host, user or path is written with


def parse_url(text: str) -> URL:
    """Read a PostgreSQL URL in any of the three spellings in use; ``prepare_threshold`` is left out, see below.

    Raises:
        ValueError: it is no PostgreSQL URL; the message repeats nothing of it.
    """
    form = "write postgresql://user:password@host:5432/database"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"is not a URL; {form} (percent-encode @ : / # ? in the password)") from None
    if url.drivername not in DRIVERS:
        raise ValueError(f"must begin with postgresql:// (or postgres://, postgresql+psycopg://); {form}")
    if not url.database:
        raise ValueError(f"names no database; {form}")
    if "@" in (url.host or "") or "@" in url.database:
        raise ValueError(f"holds an @ that is not percent-encoded (write %40); {form}")
    _check_encoding(url, form)
    _check_hosts(url, form)
    parse_prepare_threshold(url)
    return url.set(drivername="postgresql+psycopg").difference_update_query([PREPARE_THRESHOLD])


def _check_encoding(url: URL, form: str) -> None:
    said = [
        url.username,
        url.password,
        url.host,
        url.database,
        *url.query,
        *(each for values in url.normalized_query.values() for each in values),
    ]
    try:
        "".join(str(each or "") for each in said).encode()
    except UnicodeError:
        raise ValueError(f"is no UTF-8 text; {form}") from None
    if any("\0" in str(each or "") for each in said):
        raise ValueError(f"holds a NUL (%00); {form}")


def _check_hosts(url: URL, form: str) -> None:
    """Whether hosts and ports in the query can be used, of which there may be several: SQLAlchemy would tell when it connects."""
    if not {"host", "port"} & set(url.query):
        return
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: PLC0415 (slow to load)

    try:
        PGDialect_psycopg().create_connect_args(url)  # type: ignore[no-untyped-call]
    except (ArgumentError, ValueError, TypeError):
        raise ValueError(f"has a port that is no number, or not one port for each host; {form}") from None


def split_url(text: str) -> SplitResult:
    """Split a URL of any kind; its host and port can be read, and it can be encoded.

    Raises:
        ValueError: it is none; the message repeats nothing of it, since a URL may hold a secret.
    """
    try:
        text.encode()
        parts = urlsplit(text)
        readable = parts.hostname, parts.port  # each is read, and may fail, when it is asked for
    except ValueError:
        readable = None
    if readable is None or any(unicodedata.category(letter) in HIDDEN for letter in text):
        raise ValueError("is no URL: a bracket, the port or a character in it is wrong")
    return parts


def parse_prepare_threshold(url: str | URL) -> int | None:
    """Read ``prepare_threshold`` of a URL: psycopg prepares a statement once it was executed so often; None: never.

    It is no parameter of libpq, so nothing but an engine is given it.

    Raises:
        ValueError: it is neither a number nor ``none``.
    """
    value = make_url(url).query.get(PREPARE_THRESHOLD, "none")
    if value == "none":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError(f"says {PREPARE_THRESHOLD}= neither as a number nor as none; write {PREPARE_THRESHOLD}=5, or leave it out")
    return int(value)
