"""Month partitions for rows of the past, under the names and bounds that ``ensure_partitions`` gives them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app_schema.engine import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

SEOUL = ZoneInfo("Asia/Seoul")
PARENTS = ("logs", "ai_request_stats")
OWNED = text("""
    SELECT pg_has_role(relowner, 'USAGE') AND has_schema_privilege(current_schema(), 'CREATE')
    FROM pg_class WHERE oid = CAST(:parent AS regclass)
""")
THERE = text("""
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = CAST(:parent AS regclass)
""")
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('app_schema.partitions'), hashtext(current_schema()))")  # as ensure_partitions does
WAITING = "SELECT EXISTS (SELECT FROM {default} WHERE created_at >= '{first} 00:00:00+09' AND created_at < '{next} 00:00:00+09')"
CREATE = "CREATE TABLE {name} PARTITION OF {parent} FOR VALUES FROM ('{first} 00:00:00+09') TO ('{next} 00:00:00+09')"


def make_months(connection: Connection, first: datetime, last: datetime) -> list[str]:
    """Make the missing months from ``first`` to ``last`` (Seoul's) in the caller's transaction, and return their names.

    A month is left alone when its rows wait in the default partition already (``ensure_partitions`` moves those),
    and all of them are when this role does not own the tables: rows then go to the default partition.
    """
    made = []
    for parent in PARENTS:
        if not (_missing(connection, parent, first, last) and connection.scalar(OWNED, {"parent": parent})):
            continue
        connection.execute(LOCK)  # and look once more: somebody else may have made them
        for name, month, following in _missing(connection, parent, first, last):
            parts = {"name": quoted(name), "parent": parent, "default": f"{parent}_default", "first": month, "next": following}
            if not connection.scalar(text(WAITING.format(**parts))):
                connection.execute(text(CREATE.format(**parts)))
                made.append(name)
    return made


def _missing(connection: Connection, parent: str, first: datetime, last: datetime) -> list[tuple[str, date, date]]:
    there = set(connection.scalars(THERE, {"parent": parent}))
    named = ((f"{parent}_y{month:%Y}m{month:%m}", month, following) for month, following in _months(first, last))
    return [month for month in named if month[0] not in there]


def _months(first: datetime, last: datetime) -> Iterator[tuple[date, date]]:
    month = first.astimezone(SEOUL).date().replace(day=1)
    while month <= last.astimezone(SEOUL).date():
        following = (month + timedelta(days=31)).replace(day=1)
        yield month, following
        month = following
