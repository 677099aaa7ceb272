"""Dumps against ``pg_dump | gzip``, a quick drill against a restore, what encryption and masks cost; on 500 MB of chat text."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, text

from app_schema import migrate
from app_schema.backup.dump import dump
from app_schema.backup.folder import Folder
from app_schema.backup.masked import masked
from app_schema.backup.programs import Programs, environment
from app_schema.engine import create_engine
from app_schema.models import metadata
from app_schema.restore.drill import drill
from app_schema.restore.source import Source
from app_schema.seeding import Mode, Order, sow
from app_schema.settings import Settings
from benchmarks.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection

    from app_schema.embedded import EmbeddedServer

MEGABYTES = int(os.environ.get("BACKUP_MB", "500"))
DATABASE = "bench_backup"
SENTENCES = 9  # a message
ROUNDS = 3


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Measure one run of each: seconds, megabytes, CPU seconds."""
    with filled(server) as url, tempfile.TemporaryDirectory(prefix="app_schema-bench-") as place:
        path = Path(place, "backups")
        path.mkdir(mode=0o700)
        settings, folder = Settings(DATABASE_URL=url, backup_dir=path), Folder.at(path)
        programs = Programs.find(server.version)
        dump(settings, folder)  # everybody reads from memory
        other = timed(lambda: documents(programs, url, path / "theirs.sql.gz"))
        theirs = (path / "theirs.sql.gz").stat().st_size
        # of runs this short the median of three; the other side takes long enough to be told by one
        bare, proved = (
            median(timed(lambda each=each: dump(settings, folder, prove=each)) for _ in range(ROUNDS)) for each in (False, True)
        )
        source = Source.find(folder, "latest", DATABASE)
        ours = source.part.bytes if source.part else 0
        yield Figure("backup dump without its row proof, s", "pg_dump | gzip", bare, other, 0.167)
        yield Figure("backup dump, s", "pg_dump | gzip", proved, other, 0.25)
        yield Figure("size of the dump, MB", "pg_dump | gzip", ours / 1e6, theirs / 1e6, 0.95)
        full, quick = (drill(settings, source, url, quick=quick).drill for quick in (False, True))
        if not (full.passed and quick.passed):
            raise RuntimeError(full, quick)
        yield Figure("restore drill --quick, s", "restore drill", quick.seconds, full.seconds, 0.25)
        passphrase = path.with_name("passphrase")
        passphrase.touch(mode=0o600)
        passphrase.write_text("only for this benchmark")
        secret = settings.model_copy(update={"backup_passphrase_file": passphrase})
        plain, encrypted = (cpu(server, lambda each=each: dump(each, folder)) for each in (settings, secret))
        yield Figure("backup dump encrypted with GPG, CPU s", "the same in clear", encrypted, plain, 1.15)
        copied = median(timed(lambda: copy(programs, url, path / "plain.copy")) for _ in range(ROUNDS))
        blurred = median(timed(lambda: masked(settings, folder)) for _ in range(ROUNDS))
        yield Figure("backup masked, s", "COPY of the same tables", blurred, copied, 3)


@contextmanager
def filled(server: EmbeddedServer) -> Iterator[URL]:
    """Yield a migrated database of its own with so many megabytes of chat."""
    administrator = create_engine(server.url("postgres"), schema="public", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administrator.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {DATABASE} TEMPLATE template0"))
        try:
            engine = create_engine(server.url(DATABASE), schema="public", poolclass=NullPool)
            migrate.upgrade(engine)
            with engine.connect() as rows:
                sow(rows, Order("standard", 1), mode=Mode.REPLACE)
                talk(rows)
                rows.commit()
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows:
                rows.execute(text("VACUUM ANALYZE"))
            yield server.url(DATABASE)
        finally:
            connection.execute(text(f"DROP DATABASE {DATABASE} WITH (FORCE)"))


def talk(connection: Connection) -> None:
    """Add messages of some sentences each, no two alike, until there are megabytes enough."""
    said = connection.scalars(text("SELECT DISTINCT content FROM messages ORDER BY 1")).all()
    [conversation] = connection.scalars(text("SELECT id FROM conversations LIMIT 1"))
    chance, number, written = random.Random(5), 0, 0
    driver = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy("COPY messages (conversation_id, sender_type, content) FROM STDIN") as copying:
        while written < MEGABYTES * 1_000_000:
            number += 1
            content = f"{' '.join(chance.choices(said, k=SENTENCES))} {number}"
            copying.write_row((conversation, "user", content))
            written += len(content.encode())


def documents(programs: Programs, url: URL, path: Path) -> None:
    """Dump as the policy document does."""
    pg_dump = programs.command("pg_dump", "--format=plain", "--no-owner", "--no-acl")
    with path.open("wb") as file, subprocess.Popen(pg_dump, stdout=subprocess.PIPE, env=environment(url)) as dumping:
        subprocess.run(["/usr/bin/env", "gzip"], stdin=dumping.stdout, stdout=file, check=True)


def copy(programs: Programs, url: URL, path: Path) -> None:
    """Copy every table as it is."""
    script = "".join(f"COPY (SELECT * FROM {table.name}) TO STDOUT;\n" for table in metadata.sorted_tables)
    with path.open("wb") as file:
        psql = programs.command("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-")
        subprocess.run(psql, input=script.encode(), stdout=file, env=environment(url), check=True)


def timed(way: Callable[[], object]) -> float:
    begun = time.perf_counter()
    way()
    return time.perf_counter() - begun


def cpu(server: EmbeddedServer, way: Callable[[], object]) -> float:
    """Return the CPU seconds of a way: this process, those it starts, and the server's sessions that end with it."""

    def spent() -> float:
        own = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        pid = (server.data / "postmaster.pid").read_text().splitlines()[0]
        stat = Path("/proc", pid, "stat")
        ended = stat.read_text().rpartition(")")[2].split()[13:15] if stat.exists() else ()
        return own + sum(int(ticks) for ticks in ended) / os.sysconf("SC_CLK_TCK")

    before = spent()
    way()
    time.sleep(0.5)  # for the sessions to end
    return spent() - before
