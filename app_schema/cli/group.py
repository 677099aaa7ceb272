"""A group of commands that imports the file of each when it is asked for: the whole of them takes a second."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click


class Group(click.Group):
    """Commands of other files: ``elsewhere={"up": ("server", "Start the server.")}``."""

    def __init__(self, *args: Any, elsewhere: dict[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return their names, in the order of use."""
        return [*self.elsewhere]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        """Import a command."""
        if cmd_name not in self.elsewhere:
            return None
        file, _ = self.elsewhere[cmd_name]
        command = getattr(import_module(f"app_schema.cli.{file}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 (of our own table)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's signature)
        """List them without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in self.elsewhere.items()])
