"""Values in words, the same on a terminal, on the page and in what a finding says."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from app_schema import moments

KILO = 1000  # SI, as disks are sold and df -H counts
SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400
HEADINGS = {"table_bytes": "data"}  # beside the table's name
UNITS = ("_bytes", "_seconds", "_milliseconds")


def heading(field: str) -> str:
    """Return the heading of a field; the unit goes, since the values show it."""
    if field in HEADINGS:
        return HEADINGS[field]
    for unit in UNITS:
        field = field.removesuffix(unit)
    return field.replace("_", " ")


def shown(field: str, value: Any) -> str:  # noqa: PLR0911 (a return a kind)
    """Return a value for people, by the unit that its field names."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.endswith("_bytes"):
        return size(value, signed=field.startswith("growth"))
    if field.endswith("_seconds"):
        return duration(value)
    if field.endswith("_milliseconds"):
        return f"{value:,.1f} ms"
    if field.endswith("ratio"):
        return f"{value:.1%}"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int) else str(value)


moment = moments.minute  # by one clock everywhere


def size(count: float, *, signed: bool = False) -> str:
    """Return bytes as people say them: a kB is 1,000 of them."""
    sign = "-" if count < 0 else "+" if signed and count else ""
    left = abs(float(count))
    for unit in ("B", "kB", "MB", "GB"):
        digits = 0 if unit == "B" else 1
        if round(left, digits) < KILO:
            return f"{sign}{left:,.{digits}f} {unit}"
        left /= KILO
    return f"{sign}{left:,.1f} TB"


def duration(seconds: float) -> str:
    """Return a span of time as people say it."""
    for length, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if abs(seconds) >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"
