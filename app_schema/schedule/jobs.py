"""The jobs with the documents' times, in Seoul."""

from __future__ import annotations

from typing import NamedTuple

from app_schema.physical.needs import INCREMENTALS
from app_schema.schedule.rights import CREATEDB, MONITOR, OWNER, READ, READ_OURS, REPLICATION, Right


class When(NamedTuple):
    """A time of the day in Seoul, every day unless a weekday is named.

    Attributes:
        hour: None means every hour.
        weekday: 0 is Sunday, as cron counts.
        first: only the first such weekday of a month.
        every: minutes between two runs; then nothing else counts.
    """

    hour: int | None = None
    minute: int = 0
    weekday: int | None = None
    first: bool = False
    every: int | None = None


class Job(NamedTuple):
    """One command and its time.

    Attributes:
        when: None for a service that always runs.
        says: what it is for.
        rights: that the role of DATABASE_URL needs; none of a job that asks no server.
        since: the first version of PostgreSQL that can do it.
    """

    name: str
    command: str
    when: When | None
    says: str
    rights: tuple[Right, ...] = ()
    since: int = 0


SUNDAY, SATURDAY = 0, 6
FIRST_SATURDAY = When(hour=6, weekday=SATURDAY, first=True)
HOURLY = f"the blocks changed since the last one, every hour (PostgreSQL {INCREMENTALS} or newer)"
JOBS = (
    Job("dump", "backup dump", When(hour=3), "a full dump, kept 30 days", (READ,)),
    Job("base", "backup base", When(hour=3, minute=30), "a base backup, the start of a day's chain", (REPLICATION,)),
    Job("incremental", "backup incremental", When(minute=15), HOURLY, (REPLICATION,), INCREMENTALS),
    Job("wal", "backup wal", None, "receives the write-ahead log all the time", (REPLICATION,)),
    Job("snapshot", "backup snapshot", When(hour=2, weekday=SUNDAY), "every database with its roles, kept 12 weeks", (READ,)),
    Job("prune", "backup prune", When(hour=4, minute=30), "removes backups that the policy no longer keeps"),
    Job("verify", "backup verify", When(hour=5), "reads what is new in the backups and compares it with what was written"),
    Job("daily", "maintain daily", When(hour=1), "cleanup, partitions, roll-up, statistics", (OWNER,)),
    Job("weekly", "maintain weekly", When(hour=4, weekday=SUNDAY), "statistics, VACUUM, bloated indexes", (OWNER,)),
    Job("monthly", "maintain monthly", FIRST_SATURDAY, "the restore drill and the performance review", (OWNER, CREATEDB, MONITOR)),
    Job("monitor", "monitor --alert", When(every=5), "looks at everything and tells what began or ended", (MONITOR, READ_OURS)),
)
