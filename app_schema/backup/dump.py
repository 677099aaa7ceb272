"""``backup dump``: one database in one portable file, with the proof of what it holds."""

from __future__ import annotations

import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg

from app_schema import migrate
from app_schema.backup import column_options, contents, proof, taking, unqualified
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.holding import Part
from app_schema.backup.programs import environment, reason
from app_schema.backup.stream import BLOCK, Readable, store
from app_schema.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from app_schema.backup.folder import Draft, Folder
    from app_schema.backup.taking import Taking
    from app_schema.settings import Settings

GZIP_LEVEL = "6"  # gzip has no name before PostgreSQL 16
LOCK_WAIT = "5min"  # behind an ALTER TABLE; all who come after it would wait as well


def dump(settings: Settings, folder: Folder, *, prove: bool = True, report: Callable[[int], None] | None = None) -> Entry:
    """Dump the settings' database into ``folder`` and enter it in the catalogue.

    Args:
        settings: which database, and how to encrypt.
        folder: where to.
        prove: also count and hash every row, beside pg_dump; the catalog's fingerprint is taken anyway.
        report: is told of the bytes as they come from pg_dump.

    Raises:
        BackupError: it failed; the catalogue is as it was.
        ServerUnreachable: the server or the database is not there.
    """
    with taking.begun(settings, folder, Kind.DUMP, report) as run, run.file(".dump") as draft:
        return run.enter([(take(run, run.connection, run.url, draft, prove=prove), draft)])


def take(run: Taking, connection: Connection, url: URL, draft: Draft, *, prove: bool) -> Part:
    """Write the dump of the database at ``url`` to ``draft``, its proof taken in the same snapshot at the same time."""
    with proof.standing_still(connection) as snapshot:
        column_options.check(run.programs, connection, url)
        found = contents.look(connection)
        schema = run.settings.schema_name
        readable = any(table.name == f"{schema}.alembic_version" for table in found.tables)
        revision = migrate.current(connection, schema=schema) if readable else None
        arguments = [
            *(
                "--format=custom",
                f"--compress={GZIP_LEVEL if run.compression == taking.GZIP else run.compression}",
                f"--snapshot={snapshot}",
                f"--lock-wait-timeout={LOCK_WAIT}",
            ),
            *(f"--exclude-table={name}" for name in found.closed),
            *(f"--exclude-table-data={name}" for name in found.hidden),
        ]
        database = contents.describe(connection, str(url.database), revision=revision, missing=found.missing)
        database = database.model_copy(update={"warnings": unqualified.look(connection)})
        paths = contents.search_paths(database, schema)
        driver = connection.connection.driver_connection
        with running(run.programs.command("pg_dump", *arguments), url) as (output, ended), ThreadPoolExecutor(1) as beside:
            taken = beside.submit(proof.take, connection, found.tables, rows=prove, catalog=True, search_paths=paths)
            try:
                stored = store(output, draft.file, run.cipher, run.report)
                ended()
            except BaseException:
                _cancel(driver)
                raise
            database = database.model_copy(update={"proof": taken.result()})
    return Part(file=draft.name, database=database, **stored._asdict())


@contextmanager
def running(command: list[str], url: URL, *, stdin: str = "", keep: tuple[int, ...] = ()) -> Iterator[tuple[Readable, Callable[[], None]]]:
    """Run a program of PostgreSQL on ``stdin``; yield its output, and a call that waits for its end. It inherits the handles ``keep``.

    Raises:
        BackupError: on that call, if the program failed; the line has its first error.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        told.write(stdin.encode())
        told.seek(0)
        process = subprocess.Popen(  # noqa: S603 (no shell)
            command, stdin=told, stdout=subprocess.PIPE, stderr=said, env=environment(url), pipesize=BLOCK, pass_fds=keep
        )

        def ended() -> None:
            if process.wait() == 0:
                return
            said.seek(0)
            name = command[0].rpartition("/")[2]
            how = f"was killed by signal {-process.returncode}" if process.returncode < 0 else "failed"
            raise BackupError(f"{name} {how}: {reason(said.read().decode(errors='replace'))}; the catalogue is as it was")

        with process:
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            try:
                yield process.stdout, ended
            except BaseException:
                process.kill()
                # pg_basebackup ends without its child that receives WAL, which still writes; it too holds the pipe
                while process.stdout.read(BLOCK):
                    pass
                raise


def _cancel(driver: DBAPIConnection | None) -> None:
    # what failed may have been the very connection
    if driver is not None:
        with suppress(psycopg.Error):
            driver.cancel()
