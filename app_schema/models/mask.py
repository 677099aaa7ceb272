"""What becomes of a column in a masked copy for development: ``mapped_column(…, info=KEEP)``.

Every column says it, since the one that nobody thought of is the one that leaks. ``backup.masks`` holds the SQL.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Mask(StrEnum):
    """A class of columns."""

    KEEP = "keep"  # says nothing about a person: states, counters, times, settings of the platform
    NULL = "null"  # nothing needs it
    EMPTY = "empty"  # an object or a list without members
    HMAC = "hmac"  # equal values stay equal, so that joins and unique keys work; the key dies with the export
    TEXT = "text"  # filler of the same length, in the same script or nearly so
    EMAIL = "email"  # an address at example.com, equal for equal ones
    NAME = "name"  # a made-up name, equal for equal ones
    PHONE = "phone"  # a number that nobody has
    IP = "ip"  # an address of a documentation network
    PASSWORD = "password"  # noqa: S105 (no password but its class: one that the export tells)


def _info(mask: Mask) -> dict[str, Any]:
    return {"mask": mask}


KEEP, NULL, EMPTY, HMAC, TEXT = map(_info, (Mask.KEEP, Mask.NULL, Mask.EMPTY, Mask.HMAC, Mask.TEXT))
EMAIL, NAME, PHONE, IP, PASSWORD = map(_info, (Mask.EMAIL, Mask.NAME, Mask.PHONE, Mask.IP, Mask.PASSWORD))
