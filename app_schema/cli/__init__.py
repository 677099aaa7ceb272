"""The command ``app-schema``: one file a noun, each verb a call of what does the work."""

from __future__ import annotations

import re
import sys
from typing import Any, NoReturn

import click

from app_schema.cli.echo import echo
from app_schema.cli.group import Group
from app_schema.cli.streams import tolerant
from app_schema.errors import AppSchemaError, SettingsError
from app_schema.printable import visible_name

ESCAPED = re.compile("[\udc80-\udcff]")  # bytes of a name that Python could not decode
# the file of each, and its first line of help
ELSEWHERE = {
    "up": ("init", "Start the embedded server and bring its schema to head."),
    "down": ("server", "Stop the embedded server; its data stays."),
    "url": ("server", "Print the database's URL alone, for psql and SQLAlchemy."),
    "status": ("status", "Show the server, the revision and the tables with their rows."),
    "init": ("init", "Create the database if it is missing, bring the schema to head, and seed it if asked."),
    "db": ("db", "Move the schema between revisions, and check it."),
    "seed": ("seed", "Fill the schema with believable rows: the same seed, size and --now give the same bytes."),
    "search": ("search", "Search what holds every word of TEXT, newest first."),
    "backup": ("backup", "Take backups and prove them; the folder is APP_SCHEMA_BACKUP_DIR."),
    "restore": ("restore", "Restore backups, and try whether they can be."),
    "maintain": ("maintain", "Do the upkeep of a day, a week or a month; exit 1 when a step failed, the others are done all the same."),
    "optimize": ("maintain", "Analyse, vacuum and rebuild indexes where it is measurably needed."),
    "monitor": ("monitor", "Look at everything once; exit 3 when something needs somebody."),
    "schedule": ("schedule", "Print what runs the backups, the upkeep and the monitor at the documents' times."),
}


class OneLineErrors(Group):
    """Print our own errors as one line with their exit code; a bug keeps its traceback."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line, and exit; it does not stop for an output that cannot be written, but fails in the end."""
        with tolerant() as streams:
            try:
                self._run(*args, **extra)
            except SystemExit as end:
                if (reason := streams.lost()) is None:
                    raise
                self._end(f"stdout could not be written: {reason}", end.code if isinstance(end.code, int) and end.code else 1)

    def _run(self, *args: Any, **extra: Any) -> NoReturn:
        options: dict[str, Any] = {**extra, "standalone_mode": False}
        try:
            code = super().main(*args, **options)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.UsageError as error:
            where = f"; see {error.ctx.command_path} --help" if error.ctx else ""
            self._end(error.format_message().rstrip(".") + where, error.exit_code)
        except click.ClickException as error:
            self._end(error.format_message(), error.exit_code)
        except click.Abort as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                self._end("stopped by Ctrl-C", 130)  # as a shell reports a death by SIGINT
            self._end("stopped, since the answer was not yes", 1)
        except AppSchemaError as error:
            self._end(str(error), error.exit_code)
        except Exception as error:
            if (reason := _of_the_database(error)) is None:
                raise
            self._end(f"the database refused: {reason}", 1)
        sys.exit(code if isinstance(code, int) else 0)

    def _end(self, reason: str, code: int) -> NoReturn:
        echo(f"error: {visible_name(reason)}", err=True)
        sys.exit(code)


def _of_the_database(error: Exception) -> str | None:
    # without SQLAlchemy there is no error of its; importing it to find that out would delay every command
    if "sqlalchemy.exc" in sys.modules and isinstance(error, sys.modules["sqlalchemy.exc"].DBAPIError):
        return str(error.orig).strip()  # scrubbed: it holds no value of a row
    return None


@click.group(cls=OneLineErrors, elsewhere=ELSEWHERE, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="app-schema")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Create, change and look after the database of an AI-chat and support-chat platform.

    The database is DATABASE_URL; without it, an embedded PostgreSQL server under APP_SCHEMA_HOME.
    Exit codes: 0 done, 1 failed, 2 settings or usage, 3 a check found something.
    """
    from app_schema.settings import Settings  # noqa: PLC0415 (not for --help and --version)

    settings = ctx.obj = Settings.from_env()
    if ESCAPED.search(str(settings.home)):
        raise SettingsError("APP_SCHEMA_HOME holds characters that the locale of this shell cannot encode: set PYTHONUTF8=1")
