"""``app-schema monitor``: all is well, or exactly what is not, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from app_schema.engine import connect
from app_schema.memory import Memory

if TYPE_CHECKING:
    from app_schema.settings import Settings


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_context
def monitor(ctx: click.Context, form: str) -> None:
    """Look at everything once; exit 3 when something needs somebody."""
    # here, so that the other commands do not pay for it
    from app_schema.monitoring import snapshot  # noqa: PLC0415
    from app_schema.monitoring.formats import document, terminal  # noqa: PLC0415

    settings: Settings = ctx.obj
    with connect(settings) as connection, Memory.of(settings) as memory:
        taken = snapshot.take(connection, settings, memory)
    if form == "json":
        click.echo(document.render(taken))
    else:
        Console(highlight=False).print(terminal.render(taken))
    ctx.exit(3 if taken.alarming else 0)
