"""A snapshot: one look at every topic, judged."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.errors import InsufficientPrivilege, LockNotAvailable
from sqlalchemy.exc import DBAPIError

from app_schema import migrate
from app_schema.backup import origin
from app_schema.engine import quoted
from app_schema.errors import MemoryUnavailable
from app_schema.monitoring import history
from app_schema.monitoring.backups import BACKUPS
from app_schema.monitoring.failover import carry_along
from app_schema.monitoring.finding import LOCKS, Finding, Rule, Severity
from app_schema.monitoring.jobs import failures
from app_schema.monitoring.look import Look, Server, Unseen, ask
from app_schema.monitoring.standing import judge as judge_standing
from app_schema.monitoring.told import refusals
from app_schema.monitoring.topic import Metric, Reading, Topic
from app_schema.monitoring.topics import TOPICS
from app_schema.monitoring.units import duration, moment
from app_schema.monitoring.upkeep import behind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

    from app_schema.memory import Memory
    from app_schema.settings import Settings

# A monitor must never be what hangs, nor what others wait for.
GUARD = "SET TRANSACTION READ ONLY; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '5s'; SET LOCAL jit = off"


SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Snapshot:
    """What was seen.

    Attributes:
        taken: when, by the clock of the caller.
        since: the look before, which growth is measured from; None for the first.
        remarks: what keeps the snapshot from being whole, with the cure.
    """

    taken: datetime
    since: datetime | None
    server: Server
    schema: str
    readings: tuple[Reading[Any], ...]
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]

    @property
    def alarming(self) -> tuple[Finding, ...]:
        """The findings that ask for somebody, worst first."""
        return tuple(finding for finding in self.findings if finding.severity is not Severity.NOTE)

    @property
    def metrics(self) -> list[Metric]:
        """Every number."""
        return [metric for reading in self.readings if reading.unread is None for metric in reading.topic.measure(reading.rows)]

    @property
    def whole(self) -> bool:
        """Whether all could be read that this role may read: else what is not found may be there all the same."""
        read = all(reading.unread is None for reading in self.readings)
        return read and (self.server.unread is None or self.server.hidden)

    @property
    def unread(self) -> list[str]:
        """The topics that could not be read, or in part only, for want of a right."""
        return [reading.topic.name for reading in self.readings if not reading.whole]

    @property
    def wrong(self) -> list[Finding]:
        """What is not as it should be in what could be read."""
        return [finding for finding in self.alarming if finding.rule != UNREAD.name]

    def reading(self, topic: str) -> Reading[Any]:
        """Return what was read of a topic by its name."""
        return next(reading for reading in self.readings if reading.topic.name == topic)

    def rows(self, topic: str) -> tuple[Any, ...]:
        """Return the rows of a topic by its name."""
        return self.reading(topic).rows


UNREAD = Rule("topic-unread", Severity.WARNING, "What is wrong there is not seen; all that was found before may still be there.", LOCKS)
FORGETFUL = Rule(
    "memory-unusable",
    Severity.WARNING,
    "Failed jobs, growth and sudden changes are not known, and alerts are told again each time.",
    "set APP_SCHEMA_HOME to a folder that can be written",
)


def now() -> datetime:
    """Return the time of this machine's clock."""
    return datetime.now(UTC)


def take(connection: Connection, settings: Settings, memory: Memory, *, clock: Callable[[], datetime] = now) -> Snapshot:
    """Look at everything once, and remember what was measured.

    Args:
        connection: as :func:`app_schema.engine.connect` opens it, in no transaction; any role will do, what it may not
            see is remarked.
        settings: name the schema, the home of the memory, and the backups.
        memory: of the database; when it cannot be used, the snapshot says so and lacks growth.
        clock: tells the time.
    """
    taken = clock()
    with connection.begin():
        _guard(connection)
        server = ask(connection, settings.schema_name)
    remarks: list[str] = [server.unread] if server.unread else []
    if server.rescued:
        remarks.append(origin.NOTE)
    found: list[Finding] = []
    try:
        if since := carry_along(memory, server, settings.schema_name):
            remarks.append(f"history and alerts go on from another address of this cluster, last looked at {moment(since)}")
        past = history.last(memory, now=taken)
    except MemoryUnavailable as error:
        past = history.NOTHING
        found.append(_forgetful("growth and sudden changes are unknown", error))
    if past.taken and past.taken > taken:
        remarks.append(f"the clock was set back: the last look says {moment(past.taken)}, now is {moment(taken)}")
    skew = now() - server.now
    if abs(skew) > SKEW:
        remarks.append(
            f"the clock here is {duration(abs(skew).total_seconds())} {'ahead of' if skew > SKEW else 'behind'} the server's; set it right"
        )
    readings = tuple(_read(topic, Look(connection, settings, server, taken, past)) for topic in TOPICS)
    look = Look(connection, settings, server, taken, past)
    found += [*judge_standing(look, migrate.head()), *_judged(readings, look)]
    backups = next(reading.rows for reading in readings if reading.topic is BACKUPS)
    with suppress(MemoryUnavailable):  # said already
        found += [*failures(memory, backups), *refusals(memory), *behind(memory)]
    snapshot = Snapshot(taken, past.taken, server, settings.schema_name, readings, _sorted(found), tuple(remarks))
    try:
        history.keep(memory, taken, snapshot.metrics)
    except MemoryUnavailable as error:
        if not any(finding.rule == FORGETFUL.name for finding in found):
            found.append(_forgetful("what was measured is not remembered", error))
        return replace(snapshot, findings=_sorted(found))
    return snapshot


def _judged(readings: Iterable[Reading[Any]], look: Look) -> Iterable[Finding]:
    for reading in readings:
        if reading.unread is not None:
            yield UNREAD.finding(reading.topic.name, f"{reading.topic.title} could not be read: {reading.unread}", command=reading.cure)
        else:
            yield from reading.topic.judge(reading.rows, look)


def _forgetful(what: str, error: MemoryUnavailable) -> Finding:
    return FORGETFUL.finding("memory", f"{what}: {error.problem}", command=error.cure)


def _sorted(found: Iterable[Finding]) -> tuple[Finding, ...]:
    order = [Severity.CRITICAL, Severity.WARNING, Severity.NOTE]
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _guard(connection: Connection) -> None:
    for statement in GUARD.split("; "):
        connection.exec_driver_sql(statement)


def _read(topic: Topic[Any], look: Look) -> Reading[Any]:
    begun = time.perf_counter()
    try:
        with look.connection.begin():
            _guard(look.connection)
            rows = tuple(topic.read(look))
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        look.remark(f"could not be read: {reason}")
        return Reading(topic, (), tuple(look.remarks), time.perf_counter() - begun, reason, _cure(error, look))
    except Unseen as hidden:
        return Reading(topic, (), tuple(look.remarks), time.perf_counter() - begun, str(hidden), hidden.command)
    return Reading(topic, rows, tuple(look.remarks), time.perf_counter() - begun, hidden=look.hidden)


def _cure(error: DBAPIError, look: Look) -> str:
    if isinstance(error.orig, InsufficientPrivilege):
        return f"psql: GRANT pg_monitor TO {quoted(look.server.user)}"
    return LOCKS if isinstance(error.orig, LockNotAvailable) else "app-schema monitor, once the server has less to do"
