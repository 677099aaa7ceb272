"""``app-schema seed``: believable rows, as few or as many as asked for."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from app_schema import moments
from app_schema.cli.echo import echo
from app_schema.cli.progress import Bar
from app_schema.engine import connect, database_url
from app_schema.errors import Interrupted, SettingsError
from app_schema.seeding import Mode, Order, check_allowed, sow

if TYPE_CHECKING:
    from datetime import datetime

    from app_schema.settings import Settings

# of `init` and `up`, which fill an empty schema only
seed_option = click.option("--seed", is_flag=True, help="Fill an empty schema with the demo.")
scale_option = click.option("--scale", type=float, help="With --seed: that many times the standard scenario instead.")
yes_option = click.option("--yes", is_flag=True, help="Seed also where the server is not on this machine.")


def ordered(*, seed: bool, scale: float | None) -> Order | None:
    """Return what ``--seed`` and ``--scale`` ask for together."""
    if scale is not None and not seed:
        raise SettingsError("--scale says how much to seed; add --seed")
    return None if not seed else Order("demo") if scale is None else Order("standard", scale)


def _time(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    return None if value is None else moments.read(value)


@click.command()
@click.option("--scale", type=float, default=1.0, show_default=True, help="How many times the scenario.")
@click.option("--random-seed", type=int, default=0, show_default=True, metavar="N", help="Another number, other rows.")
@click.option("--now", callback=_time, metavar="TIME", help="When the story ends, with a zone (default: the server's time).")
@click.option("--scenario", default="standard", show_default=True, metavar="NAME", help="A wrong name lists them.")
@click.option("--append", is_flag=True, help="Add rows beside those that are there.")
@click.option("--replace", is_flag=True, help="Empty every table first, in the same transaction.")
@yes_option
@click.pass_obj
def seed(  # noqa: PLR0913 (an argument each option)
    settings: Settings,
    *,
    scale: float,
    random_seed: int,
    now: datetime | None,
    scenario: str,
    append: bool,
    replace: bool,
    yes: bool,
) -> None:
    """Fill the schema with believable rows: the same seed, size and --now give the same bytes.

    All or nothing: Ctrl-C leaves the database as it was.
    """
    order = Order(scenario, scale, random_seed, now)
    if append and replace:
        raise SettingsError("--append keeps what is there and --replace removes it; give one of them")
    mode = Mode.APPEND if append else Mode.REPLACE if replace else Mode.REFUSE
    check_allowed(database_url(settings), settings.protect, yes=yes)
    try:
        with connect(settings) as connection, Bar.on_terminal(order) or nullcontext() as bar:
            written = sow(connection, order, mode=mode, schema=settings.schema_name, report=bar and bar.advance)
    except KeyboardInterrupt:
        raise Interrupted from None
    echo(f"rows: {sum(written.values()):,} in {len(written)} tables")
