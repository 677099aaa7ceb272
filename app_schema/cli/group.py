"""A group of commands that imports the file of each when it is asked for: the whole of them takes a second."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click


class Group(click.Group):
    """Commands of its own, and those of other files by the name of the file: ``elsewhere={"wal": "physical"}``."""

    def __init__(self, *args: Any, elsewhere: dict[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return their names, in the order of use."""
        return [*self.commands, *self.elsewhere]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.elsewhere:
            return super().get_command(ctx, cmd_name)
        command = getattr(import_module(f"app_schema.cli.{self.elsewhere[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 (of our own tables)
        return command
