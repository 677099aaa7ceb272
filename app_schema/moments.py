"""Times on a screen and on a command line.

One rule for all commands: people see Korea Standard Time, named with every time (``2026-11-27 14:30 KST``), whatever the
zone of the machine; programs (JSON) get ISO 8601 with its offset. What is printed can be pasted back: :func:`read` takes both.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app_schema.errors import SettingsError

KST = timezone(timedelta(hours=9), "KST")
ABBREVIATIONS = {"KST": KST, "UTC": UTC, "GMT": UTC, "Z": UTC}  # others mean several zones, such as IST and CST
FORM = "write it with its zone, such as '2026-11-27 14:30 KST', '2026-11-27 14:30 Asia/Seoul' or 2026-11-27T14:30+09:00"
DAY_AND_TIME = re.compile(r"\d[\d-]*(T| +)\d\d.*", re.IGNORECASE)
ZONE = re.compile(r"\s*([A-Za-z]+(?:/[\w+-]+)*)$")
BEFORE_OFFSET = re.compile(r"\s+(?=[+-][\d:]+$)")


def minute(value: datetime) -> str:
    """Return a time to the minute: ``2026-11-27 14:30 KST``."""
    return f"{value.astimezone(KST):%Y-%m-%d %H:%M %Z}"


def exact(value: datetime) -> str:
    """Return a time as exactly as it is known, which can be pasted back: ``2026-11-27 14:30:05.120000 KST``."""
    local = value.astimezone(KST)
    return f"{local.replace(tzinfo=None).isoformat(sep=' ')} {local:%Z}"


def day(value: datetime) -> str:
    """Return the day that it was in Korea: ``2026-11-27``."""
    return f"{value.astimezone(KST):%Y-%m-%d}"


def read(text: str) -> datetime:
    """Read a time with its zone: KST, UTC, Z, an offset, or the name of a zone such as Asia/Seoul.

    Raises:
        SettingsError: it is no time of a day, has no zone or one that means several, or happened twice or never in that zone.
    """
    text = text.strip()
    try:
        return _read(text)
    except _Unreadable as error:
        why = str(error)
    except ValueError:
        why = "is no time that can be read"
    raise SettingsError(f"the time {text!r} {why}; {FORM}")


class _Unreadable(Exception):
    """Why a text is no moment."""


def _read(text: str) -> datetime:
    if not DAY_AND_TIME.fullmatch(text):
        raise _Unreadable("names no day with a time")
    named = ZONE.search(text)
    moment = datetime.fromisoformat(BEFORE_OFFSET.sub("", text[: named.start()] if named else text))
    if named is None:
        if moment.tzinfo is None:
            raise _Unreadable("has no zone")
        return moment
    if moment.tzinfo is not None:
        raise _Unreadable("has two zones")
    first, second = (moment.replace(tzinfo=_zone(named[1]), fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():  # once more, or never, as the clock is set
        raise _Unreadable("is no single moment, since the clock is set there then")
    return first


def _zone(name: str) -> tzinfo:
    if abbreviated := ABBREVIATIONS.get(name.upper()):
        return abbreviated
    if "/" not in name:
        raise _Unreadable(f"has the zone {name}, which may mean several")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):  # the latter for a folder of zones, such as America/Indiana
        raise _Unreadable(f"has the zone {name}, which is not known here") from None
