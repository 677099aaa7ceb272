"""Lines on stdout and stderr; names in them cannot steer the terminal."""

import sys

import click

from app_schema.printable import visible


def echo(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text as ``click.echo`` does, with control and bidirectional characters as escapes."""
    # by name, for otherwise click writes to the terminal behind a progress bar's back
    click.echo(visible(str(text)), file=sys.stderr if err else sys.stdout, nl=nl)
