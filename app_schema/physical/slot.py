"""The replication slot that makes the server keep WAL until the receiver has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

SLOT = "app_schema"
RECEIVER = "app_schema_wal"  # its application_name, to be named in synchronous_standby_names
STATE = text("""
    SELECT coalesce(s.wal_status, 'missing') AS status, coalesce(s.active, false) AS active, s.active_pid AS pid,
        coalesce(pg_wal_lsn_diff(now.lsn, s.restart_lsn), 0)::bigint AS retained,
        coalesce(pg_wal_lsn_diff(now.lsn, r.flush_lsn), -1)::bigint AS behind, now.lsn::text AS lsn,
        coalesce(extract(epoch FROM r.flush_lag), 0)::float AS lag
    FROM (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END AS lsn) AS now
    LEFT JOIN pg_replication_slots s ON s.slot_name = :slot
    LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
""")
CREATE = text("SELECT pg_create_physical_replication_slot(:slot, true)")
DROP = text("SELECT pg_drop_replication_slot(:slot)")


class Slot(NamedTuple):
    """What the server says of the slot.

    Attributes:
        status: ``reserved`` (all is well), ``extended``, ``unreserved`` (soon lost), ``lost`` or ``missing``.
        active: whether a receiver is connected.
        retained: bytes of WAL that the server keeps for it.
        behind: bytes of WAL that the receiver has not written yet; None when it is not connected.
        lsn: where the server's WAL ends.
        lag: seconds that the receiver takes to write what the server has.
    """

    status: str
    active: bool
    retained: int
    behind: int | None
    lsn: str
    lag: float


def look(connection: Connection) -> Slot:
    """Read the slot's state."""
    row = connection.execute(STATE, {"slot": SLOT}).one()
    connection.rollback()
    return Slot(row.status, row.active, row.retained, row.behind if row.behind >= 0 else None, row.lsn, row.lag)


def create(connection: Connection) -> None:
    """Make the slot, from the last checkpoint's WAL on."""
    connection.execute(CREATE, {"slot": SLOT})
    connection.commit()


def renew(connection: Connection) -> None:
    """Replace a slot that is lost."""
    connection.execute(DROP, {"slot": SLOT})
    create(connection)
