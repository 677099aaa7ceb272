"""Replication: standbys and receivers, slots, and how far a replica is behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app_schema.engine import connect_to
from app_schema.errors import ServerUnreachable
from app_schema.monitoring.finding import Finding, Rule, Severity
from app_schema.monitoring.topic import Metric, Topic, sql
from app_schema.monitoring.units import size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from app_schema.monitoring.look import Look

RPO = timedelta(minutes=5)  # of the write-ahead log, by the policy
RETAINED = 5 * 1024**3
REPLICA = "DATABASE_READ_URL"
NO_STANDBY = "not a standby"
POSITION, STALLED = "app_schema_replay_position_bytes", "app_schema_replay_stalled_timestamp_seconds"
LAG = Rule(
    "replica-lag",
    Severity.WARNING,
    "Readers of the replica see the past; a failover would lose as much.",
    "app-schema monitor, on the replica: its disk and its network",
)
WAL = Rule(
    "wal-age",
    Severity.CRITICAL,
    "What was committed since cannot be recovered when the server is lost: more than the 5 minutes of the policy.",
    "app-schema backup wal --status",
)
AWAY = Rule(
    "replica-away",
    Severity.CRITICAL,
    "Reads have nowhere to go, and there is no standby for a failover.",
    "start the replica, or unset DATABASE_READ_URL",
)
PRIMARY = Rule(
    "replica-is-none",
    Severity.WARNING,
    "Reads burden the server that they should relieve, and there is no standby for a failover.",
    "set DATABASE_READ_URL to a standby, or unset it",
)
INACTIVE = Rule(
    "slot-inactive",
    Severity.WARNING,
    "Nobody reads from it, and it keeps the WAL until the disk is full.",
    "start what uses it (app-schema backup wal), or psql: SELECT pg_drop_replication_slot('{slot}')",
)
HEAVY = Rule("slot-retention", Severity.CRITICAL, "The WAL that it keeps fills the disk of the server.", INACTIVE.command)
LOST = Rule(
    "slot-lost",
    Severity.CRITICAL,
    "WAL that its reader needed is gone; points in time have a gap.",
    "app-schema backup base, then psql: SELECT pg_drop_replication_slot('{slot}')",
)


class Link(NamedTuple):
    """A standby, a receiver, a slot, or the replica that ``DATABASE_READ_URL`` names.

    Attributes:
        kind: standby, receiver, archiver, slot, replica, or self when this server is a standby.
        state: streaming, active, inactive, lost, away …
        lag_seconds: until replayed; None when it cannot be known.
        behind_bytes: of WAL: not replayed yet, or retained by a slot.
        position_bytes: what was replayed, as bytes since the beginning.
        stalled_since: the look since which that has not moved, while something is behind.
    """

    kind: str
    name: str
    state: str
    lag_seconds: float | None
    behind_bytes: int | None
    position_bytes: int | None = None
    stalled_since: datetime | None = None


def read(look: Look) -> Sequence[Link]:
    """Read pg_stat_replication and pg_replication_slots here, and the replay position of the replica there."""
    if not look.server.monitors:
        look.hide(f"standbys are hidden; the owner of the server can show them with: GRANT pg_monitor TO {look.server.user}")
    rows = [Link(*row) for row in look.query("replication")]
    replica = look.settings.database_read_url
    if replica is not None:
        ((position,),) = look.run("SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text")
        rows.append(_replica(replica, position))
    return [_stalled(row, look) for row in rows]


def _stalled(row: Link, look: Look) -> Link:
    """Measure the lag of one that replays nothing: a paused standby reports the lag that it had before."""
    if not row.behind_bytes or row.position_bytes is None:
        return row
    labels = {"kind": row.kind, "name": row.name}
    since = look.now
    if look.past.taken and look.past.value(POSITION, **labels) == row.position_bytes:
        known = look.past.value(STALLED, **labels)
        since = min(look.now, datetime.fromtimestamp(known, UTC) if known else look.past.taken)
    return row._replace(stalled_since=since, lag_seconds=max(row.lag_seconds or 0, (look.now - since).total_seconds()))


def _replica(url: Any, position: str) -> Link:
    try:
        with connect_to(url, session=False) as connection:
            row = connection.exec_driver_sql(sql("replica"), {"position": position}).one()
    except ServerUnreachable:
        return Link("replica", REPLICA, "away", None, None)
    return Link("replica", REPLICA, *row)


def measure(rows: Sequence[Link]) -> Iterator[Metric]:
    """Measure lag, and the WAL that slots keep."""
    for row in rows:
        labels = {"kind": row.kind, "name": row.name}
        if row.kind == "slot" and row.behind_bytes is not None:
            yield Metric("pgbackup_slot_retained_bytes", "WAL that a replication slot keeps.", row.behind_bytes, {"slot": row.name})
        elif row.lag_seconds is not None:
            yield Metric("app_schema_replay_lag_seconds", "How far a replica is behind.", row.lag_seconds, labels)
        if row.position_bytes is not None:
            yield Metric(POSITION, "What a replica has replayed of the write-ahead log.", row.position_bytes, labels)
            yield Metric("app_schema_replay_behind_bytes", "What it has not.", row.behind_bytes or 0, labels)
        if row.stalled_since is not None:
            yield Metric(STALLED, "Since when it has replayed nothing of that.", row.stalled_since.timestamp(), labels)


def judge(rows: Sequence[Link], _look: Look) -> Iterator[Finding]:
    """Find replicas that lag and slots that fill the disk."""
    for row in rows:
        if row.kind == "slot":
            yield from _slot(row)
        elif row.state == "away":
            yield AWAY.finding(row.name, "the replica does not answer")
        elif row.state == NO_STANDBY:
            yield PRIMARY.finding(row.name, f"{row.name} names a server that is no standby")
        elif row.kind in ("receiver", "archiver"):
            if row.state == "failing" or (row.lag_seconds or 0) > RPO.total_seconds():
                yield WAL.finding(row.name, f"{row.name} is {row.state}, {(row.lag_seconds or 0) / 60:.0f} minutes behind")
        elif row.lag_seconds is not None and row.lag_seconds > RPO.total_seconds():
            yield LAG.finding(row.name, f"{row.kind} {row.name} is {row.lag_seconds / 60:.0f} minutes behind")


def _slot(row: Link) -> Iterator[Finding]:
    kept = f"{size(row.behind_bytes or 0)} of WAL kept"
    if row.state == "lost":
        yield LOST.finding(row.name, f"slot {row.name} is lost", command=LOST.command.format(slot=row.name))
    elif (row.behind_bytes or 0) > RETAINED:
        yield HEAVY.finding(row.name, f"slot {row.name}: {kept}", command=HEAVY.command.format(slot=row.name))
    elif row.state == "inactive":
        yield INACTIVE.finding(row.name, f"slot {row.name} is inactive, {kept}", command=INACTIVE.command.format(slot=row.name))


BRIEF = ("kind", "name", "state", "lag_seconds", "behind_bytes", "stalled_since")
REPLICATION = Topic("replication", "Replication", "복제", Link, read, measure, judge, brief=BRIEF, least=("stalled_since", "kind"))
