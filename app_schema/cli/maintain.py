"""``app-schema maintain`` and ``app-schema optimize``: the routine, each step named and timed."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from app_schema.cli.echo import echo
from app_schema.engine import connect
from app_schema.errors import Interrupted, MaintenanceFailed, MemoryUnavailable
from app_schema.maintenance.plan import PLANS
from app_schema.maintenance.run import carry_out
from app_schema.memory import Memory
from app_schema.monitoring.jobs import note_success
from app_schema.printable import visible_json

if TYPE_CHECKING:
    from app_schema.maintenance.step import Outcome
    from app_schema.settings import Settings

WEEK = 7 * 24 * 60  # minutes


def _number(_ctx: click.Context, _parameter: click.Parameter, minutes: float | None) -> float | None:
    if minutes is not None and math.isnan(minutes):  # which is neither too small nor too large
        raise click.BadParameter("nan is no number of minutes")
    return minutes


budget_option = click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True, max=WEEK),
    metavar="MINUTES",
    callback=_number,
    help="The time they have together.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")


@click.command()
@click.argument("routine", type=click.Choice(["daily", "weekly", "monthly"]))
@budget_option
@json_option
@click.pass_obj
def maintain(settings: Settings, routine: str, budget: float | None, *, as_json: bool) -> None:
    """Do the upkeep of a day, a week or a month; exit 1 when a step failed, the others are done all the same."""
    _carry_out(settings, routine, budget, as_json=as_json)


@click.command()
@budget_option
@json_option
@click.pass_obj
def optimize(settings: Settings, budget: float | None, *, as_json: bool) -> None:
    """Analyse, vacuum and rebuild indexes where it is measurably needed."""
    _carry_out(settings, "optimize", budget, as_json=as_json)


def _carry_out(settings: Settings, name: str, minutes: float | None, *, as_json: bool) -> None:
    plan = PLANS[name]
    if minutes is not None:
        plan = plan._replace(budget=minutes * 60)
    try:
        with connect(settings) as connection, Memory.of(settings) as memory:
            outcomes = carry_out(connection, settings, memory, plan, report=(lambda _outcome: None) if as_json else _print)
    except KeyboardInterrupt:
        raise Interrupted("stopped by Ctrl-C; what was done stays, and the next run goes on from there") from None
    if as_json:
        said = [outcome._asdict() | {"seconds": round(outcome.seconds, 3)} for outcome in outcomes]
        echo(visible_json(json.dumps(said, ensure_ascii=False, indent=2)))
    failed = [outcome.step for outcome in outcomes if outcome.state == "failed"]
    if not failed:  # by hand or by the schedule: what was said to have failed is over
        with Memory.of(settings) as memory, suppress(MemoryUnavailable):
            note_success(memory, name)
    else:
        raise MaintenanceFailed(f"{len(failed)} of {len(outcomes)} steps failed: {', '.join(failed)}; the others were done")


def _print(outcome: Outcome) -> None:
    echo(f"{outcome.step:<18} {outcome.state:<10} {outcome.seconds:>7.1f} s  {outcome.said}")
