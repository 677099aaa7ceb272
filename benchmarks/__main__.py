"""Run every benchmark on one embedded server and print its figures."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from benchmarks import backup, imports, migrations, operations, pooling, recovery, redaction, search, seeding, testing
from benchmarks.server import running


def main() -> None:
    """Print a row a figure: both sides, their ratio, what it should be."""
    table = Table("what", "against", box=None)
    for heading in ("ours", "other", "ratio", "should be"):
        table.add_column(heading, justify="right")
    with running() as server:
        for figure in (
            *imports.figures(),
            *migrations.figures(server),
            *pooling.figures(server),
            *seeding.figures(server),
            *testing.figures(server),
            *search.figures(server),
            *backup.figures(server),
            *operations.figures(server),
            *redaction.figures(server),
            *recovery.figures(),
        ):
            table.add_row(*figure.cells)
    Console(width=140).print(table)


main()
