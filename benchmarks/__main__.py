"""Run every benchmark on one embedded server and print its figures."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app_schema.embedded import EmbeddedServer
from benchmarks import backup, imports, migrations, operations, pooling, recovery, redaction, search, seeding, testing


def main() -> None:
    """Print a row a figure: both sides, their ratio, what it should be."""
    table = Table("what", "against", box=None)
    for heading in ("ours", "other", "ratio", "should be"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory(prefix="app_schema-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # for the account that the server runs as
        server = EmbeddedServer(home / "server")
        server.start()
        try:
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
        finally:
            server.delete()
    Console(width=140).print(table)


main()
