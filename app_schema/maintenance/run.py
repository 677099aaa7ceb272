"""Carry out a plan: one at a time on a database, each step in its share of the time, a failure reported and passed."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from app_schema import migrate, patience
from app_schema.engine import quoted
from app_schema.errors import AppSchemaError, MemoryUnavailable, NotTheOwner, ServerUnsuitable
from app_schema.inventory import NAMES, OURS
from app_schema.maintenance.step import LOCK_NOT_AVAILABLE, Outcome, State, Step, Unfinished, Work
from app_schema.monitoring.upkeep import note_run
from app_schema.preflight import check_server
from app_schema.turn import MAINTENANCE, REVIEW, turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from app_schema.maintenance.plan import Plan
    from app_schema.memory import Memory
    from app_schema.settings import Settings

OWNERS = f"""
SELECT current_user, ARRAY(
    SELECT DISTINCT pg_get_userbyid(c.relowner)::text FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'p') AND {OURS} AND NOT pg_has_role(c.relowner, 'USAGE')
)
"""  # noqa: S608 (SQL of our own)
REVISION = "revision"
LEAST_SHARE = 1.0  # seconds worth beginning a step again for
UNDEFINED = ("42883", "42P01", "42703", "42704")  # function, table, column, type
SESSION = (
    "SET application_name = 'app_schema maintain'",
    "SET idle_session_timeout = 0",
    "SET vacuum_cost_delay = '2ms'",  # as autovacuum's: a VACUUM by hand would take all of the disk
)


def carry_out(
    connection: Connection, settings: Settings, memory: Memory, plan: Plan, *, report: Callable[[Outcome], None] = lambda _outcome: None
) -> list[Outcome]:
    """Run every step of a plan.

    Args:
        connection: of the tables' owner, in no transaction; it is put into autocommit.
        settings: name the schema.
        memory: what the steps remember of the last time.
        plan: the steps and the seconds they have. A step that needs less leaves the rest to those after it.
        report: called after each step.

    Raises:
        MaintenanceBusy: another maintenance of this database is running, and did not end in :data:`.patience.SECONDS`.
        ServerUnsuitable: a standby, read-only, or without the schema.
        NotTheOwner: VACUUM and the rest are the owner's.
    """
    check_server(connection, writing=True)
    behind = _check(connection, settings.schema_name)
    database = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    connection.rollback()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    outcomes = []
    for statement in SESSION:
        connection.exec_driver_sql(statement)
    with turn(connection, database, wait=patience.SECONDS, task=REVIEW if plan.name == "monthly" else MAINTENANCE):
        if behind:
            outcomes.append(Outcome(REVISION, State.FAILED, behind, 0.0))
            report(outcomes[0])
        for outcome in _outcomes(connection, settings, memory, plan, behind):
            report(outcome)
            outcomes.append(outcome)
    last = {outcome.step: outcome for outcome in outcomes}.values()
    with suppress(MemoryUnavailable):  # the monitor says that
        finished = [outcome.step for outcome in last if outcome.state is State.DONE]
        note_run(memory, plan.name, finished, [(outcome.step, outcome.said) for outcome in last if outcome.state is State.UNFINISHED])
    return outcomes


def _check(connection: Connection, schema: str) -> str:
    """Return what is to be said of an older revision, on which some steps cannot be done; empty for the newest."""
    me, owners = connection.exec_driver_sql(OWNERS, NAMES | {"schema": quoted(schema)}).one()
    if owners:
        raise NotTheOwner(f"user {me} does not own the tables of schema {schema}; run the upkeep as their owner, {', '.join(owners)}")
    found = migrate.current(connection, schema=schema)
    if found is None:
        raise ServerUnsuitable(f"schema {schema} holds nothing of app_schema; run: app-schema init")
    return f"schema {schema} is at {found}, run: app-schema db upgrade" if found < migrate.head() else ""


def _outcomes(connection: Connection, settings: Settings, memory: Memory, plan: Plan, behind: str) -> Iterator[Outcome]:
    """Yield what became of each step; what was not finished in its share goes on with what the others have left."""
    end, left = time.monotonic() + plan.budget, plan.steps
    while left:
        unfinished = []
        for number, step in enumerate(left):
            begun = time.monotonic()
            share = max(0.0, end - begun) / (len(left) - number)
            state, said = _tried(step, Work(connection, settings, memory, begun + share), behind)
            yield Outcome(step.name, state, said, time.monotonic() - begun)
            if state is State.UNFINISHED:
                unfinished.append(step)
        left = tuple(unfinished) if end - time.monotonic() > LEAST_SHARE * len(unfinished) else ()


def _tried(step: Step, work: Work, behind: str) -> tuple[State, str]:
    try:
        return State.DONE, step.run(work)
    except Unfinished as rest:
        return State.UNFINISHED, f"{rest}; the time was up, the next run goes on"
    except (AppSchemaError, OSError) as error:
        return State.FAILED, str(error)
    except DBAPIError as error:  # scrubbed: it holds no value of a row
        if error.connection_invalidated:
            raise
        state, said = getattr(error.orig, "sqlstate", None), str(error.orig).strip().partition("\n")[0]
        if behind and state in UNDEFINED:
            return State.FAILED, behind
        if state != LOCK_NOT_AVAILABLE:
            return State.FAILED, said
        told = work.holders(strong=True) or work.holders()
        return State.FAILED, f"{said}; another session holds a lock it needs{f': {told}' if told else ''}"
