"""Which cluster a server is.

A standby that was promoted has the system identifier of its primary, and so has a copy that ``restore cluster`` made beside
it. The first carries on the same database; the second does not, until it takes its source's place. What tells them apart is
a setting that ``restore cluster`` writes and that goes with its block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.errors import InsufficientPrivilege, UndefinedFunction
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy import Connection

RESCUED = "app_schema.rescued"  # a setting of our own, which PostgreSQL takes in any configuration file
IS_RESCUED = f"coalesce(current_setting('{RESCUED}', true), '') = 'on'"  # SQL, true on such a copy
FACTS = text(f"""
    SELECT {IS_RESCUED} AS rescued,
        CASE WHEN NOT pg_is_in_recovery() THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline
""")
SYSTEM = text("SELECT system_identifier::text FROM pg_control_system()")
NOTE = (
    "this server is a rescued copy: its backups are never the latest, and do not count for its source;"
    " when it takes its source's place, cut the block of restore cluster out of its postgresql.auto.conf and restart it"
)


class Origin(NamedTuple):
    """What a server says of its cluster.

    Attributes:
        system_identifier: the same for all physical copies of a cluster; None where the server does not tell it.
        timeline: that it writes on; None on a standby.
        rescued: whether ``restore cluster`` made it, and it has not taken its source's place.
    """

    system_identifier: str | None
    timeline: int | None
    rescued: bool


def ask(connection: Connection) -> Origin:
    """Ask the server, in the transaction of the connection."""
    facts = connection.execute(FACTS).one()
    try:
        with connection.begin_nested():
            system = str(connection.scalar(SYSTEM))
    except DBAPIError as error:  # as a managed server may have it
        if not isinstance(error.orig, (InsufficientPrivilege, UndefinedFunction)):
            raise
        system = None
    return Origin(system, facts.timeline, facts.rescued)
