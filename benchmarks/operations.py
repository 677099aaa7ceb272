"""The operator's commands: what a look costs, cleanup by dropped months against DELETE, and the day's routine under load."""

from __future__ import annotations

import math
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, text

from app_schema import migrate
from app_schema.engine import connect, create_engine
from app_schema.maintenance.plan import DAILY
from app_schema.maintenance.run import carry_out
from app_schema.memory import Memory
from app_schema.monitoring import snapshot
from app_schema.seeding.months import make_months
from app_schema.settings import Settings
from benchmarks.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from app_schema.embedded import EmbeddedServer

MESSAGES = int(os.environ.get("MONITOR_MESSAGES", "1000000"))
LOGS = 1_000_000
LOOKS = 7
LOAD_SECONDS = int(os.environ.get("LOAD_SECONDS", "20"))
CLIENTS = 2
ROOMS = 1_000
FILL = (
    "INSERT INTO chat_rooms (status, waiting_since) SELECT 'waiting', now() FROM generate_series(1, {rooms})",
    (
        "INSERT INTO messages (room_id, sender_type, content, created_at)"
        " SELECT r.id, 'customer', '예약을 바꾸고 싶어요 ' || n, now() - n * interval '1 s'"
        " FROM generate_series(1, {messages} / {rooms}) AS n, chat_rooms AS r"
    ),
    "VACUUM ANALYZE",
)
OLD_LOGS = (
    "INSERT INTO logs (created_at, level, message)"
    " SELECT date_trunc('month', now() AT TIME ZONE 'Asia/Seoul') AT TIME ZONE 'Asia/Seoul' - interval '70 days' + n * interval '1 ms',"
    " 'info', 'a line as an application writes it, number ' || n FROM generate_series(1, {rows}) AS n"
)
# What the hot paths of a chat do: the newest 50 of a room, and one more.
LOAD = """\\set room random(1, {rooms})
SELECT id, content, created_at FROM messages WHERE room_id = (SELECT id FROM bench_rooms WHERE number = :room)
    ORDER BY created_at DESC, id DESC LIMIT 50;
SELECT record_message('안녕하세요', 'customer', p_room_id => (SELECT id FROM bench_rooms WHERE number = :room));
"""


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Measure the three figures."""
    with database(server) as (engine, settings):
        yield from looks(engine, settings)
        yield from load(server, engine, settings)
    with database(server) as (engine, settings):
        yield from cleanup(engine)


@contextmanager
def database(server: EmbeddedServer) -> Iterator[tuple[Engine, Settings]]:
    """Yield a migrated database of its own, and settings with a home of their own."""
    administrator = create_engine(server.url("postgres"), schema="public", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administrator.connect() as connection, tempfile.TemporaryDirectory() as home:
        connection.execute(text("CREATE DATABASE bench_operations TEMPLATE template0"))
        try:
            engine = create_engine(server.url("bench_operations"), schema="public", poolclass=NullPool)
            migrate.upgrade(engine)
            url = engine.url.render_as_string(hide_password=False)
            yield engine, Settings(DATABASE_URL=url, home=Path(home))  # type: ignore[call-arg,arg-type]
        finally:
            connection.execute(text("DROP DATABASE bench_operations WITH (FORCE)"))


def run(engine: Engine, *statements: str) -> float:
    """Run statements, each alone; return the seconds."""
    begun = time.perf_counter()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    return time.perf_counter() - begun


def looks(engine: Engine, settings: Settings) -> Iterator[Figure]:
    """Measure a look at a database of a million messages."""
    run(engine, *(statement.format(rooms=ROOMS, messages=MESSAGES) for statement in FILL))
    scans = "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_user_tables WHERE relname <> 'alembic_version'"
    with connect(settings) as connection, Memory.of(settings) as memory, engine.connect() as other:
        before = other.scalar(text(scans)) or 0
        other.rollback()
        taken = [snapshot.take(connection, settings, memory) for _ in range(LOOKS)]
        scanned = (other.scalar(text(scans)) or 0) - before
    whole = median(sum(reading.seconds for reading in one.readings) for one in taken)
    slowest = median(max(reading.seconds for reading in one.readings) for one in taken)
    yield Figure(f"monitor at {MESSAGES:,} messages, s in all topics", "1 s", whole, 1, 1)
    yield Figure("its slowest topic, s", "0.2 s", slowest, 0.2, 1)
    yield Figure(f"scans of a user's table in {LOOKS} looks, + 1", "none, + 1", scanned + 1, 1, 1)


def cleanup(engine: Engine) -> Iterator[Figure]:
    """Forget a million old log lines: by their months, and by DELETE and VACUUM."""
    size = text(
        "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits WHERE inhparent = 'logs'::regclass".replace(
            "::", r"\:\:"
        )
    )

    def filled() -> float:
        now = datetime.now(UTC)
        with engine.begin() as connection:  # as they were made when they were ahead
            make_months(connection, now - timedelta(days=130), now)
        run(engine, OLD_LOGS.format(rows=LOGS), "CHECKPOINT")
        with engine.connect() as connection:
            return float(connection.scalar(size) or 0)

    def left() -> float:
        with engine.connect() as connection:
            return float(connection.scalar(size) or 0)

    full = filled()
    dropped = run(engine, "SELECT * FROM cleanup_logs('30 days')")
    after_drop = left()
    filled()
    deleted = run(engine, "DELETE FROM logs WHERE created_at < now() - interval '30 days'", "VACUUM logs")
    yield Figure(f"{LOGS:,} old log rows by dropped months, s", "DELETE and VACUUM", dropped, deleted, 0.1)
    yield Figure("and the bytes that stay, MB", "before", after_drop / 1024**2, full / 1024**2, 0.1)


def load(server: EmbeddedServer, engine: Engine, settings: Settings) -> Iterator[Figure]:
    """Measure the 95th percentile of a load with and without the day's routine, in turn."""
    run(
        engine,
        "CREATE TABLE bench_rooms AS SELECT row_number() OVER () AS number, id FROM chat_rooms",
        "CREATE UNIQUE INDEX ON bench_rooms (number)",
    )
    alone, beside = [], []
    with connect(settings) as connection, Memory.of(settings) as memory:
        for _ in range(3):
            run(engine, BATCHES, SESSIONS, "CHECKPOINT")
            alone.append(percentile(pgbench(server, engine).communicate_all()))
            process = pgbench(server, engine)
            outcomes = carry_out(connection, settings, memory, DAILY)
            beside.append(percentile(process.communicate_all()))
            if bad := [outcome for outcome in outcomes if outcome.state != "done"]:
                raise RuntimeError(bad)
    yield Figure("p95 of a chat's load beside maintain daily, ms", "without", median(beside), median(alone), 1.5)


# What a busy day leaves: lines of the month that the limit falls into, and sessions.
BATCHES = (
    "INSERT INTO logs (created_at, level, message) SELECT now() - interval '30 days' - n * interval '1 ms', 'info', 'a line, number ' || n"
    " FROM generate_series(1, 150000) AS n"
)
SESSIONS = (
    "INSERT INTO customer_sessions (token, language, created_at, last_active)"
    " SELECT encode(sha256(uuidv7()::text::bytea), 'hex'), 'ko', now() - interval '60 days', now() - interval '60 days'"
    " FROM generate_series(1, 50000)"
)


class Load:
    """A pgbench that runs."""

    def __init__(self, process: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
        self._process = process
        self._folder = folder

    def communicate_all(self) -> list[float]:
        """Wait for its end; return the milliseconds of each transaction."""
        _, said = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(said.decode())
        with self._folder as folder:
            lines = [line.split() for log in Path(folder).glob("pgbench_log*") for line in log.read_text().splitlines()]
        return [int(line[2]) / 1000 for line in lines]


def pgbench(server: EmbeddedServer, engine: Engine) -> Load:
    """Start a load of LOAD_SECONDS."""
    folder = tempfile.TemporaryDirectory()
    script = Path(folder.name) / "load.sql"
    script.write_text(LOAD.format(rooms=ROOMS), encoding="utf-8")
    url = engine.url
    where = {
        "PGHOST": str(url.query["host"]),
        "PGUSER": str(url.username),
        "PGPASSWORD": str(url.password),
        "PGDATABASE": str(url.database),
    }
    command = [
        server.programs / "pgbench",
        "--no-vacuum",
        f"--client={CLIENTS}",
        f"--time={LOAD_SECONDS}",
        "--rate=200",
        "--log",
        f"--file={script}",
    ]
    return Load(subprocess.Popen(command, cwd=folder.name, env=os.environ | where, stdout=subprocess.PIPE, stderr=subprocess.PIPE), folder)


def percentile(times: list[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(times, n=20)[-1] if len(times) > 1 else math.nan
