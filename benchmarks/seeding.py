"""Seeding against replaying the same rows from memory, against Faker and the ORM, and its memory at two scales."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from faker import Faker
from sqlalchemy import NullPool, text
from sqlalchemy.orm import Session

from app_schema import migrate
from app_schema.engine import create_engine
from app_schema.models import Conversation, Message, User, metadata
from app_schema.seeding import Mode, Order, sow
from benchmarks.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

    from app_schema.embedded import EmbeddedServer

SCALE = float(os.environ.get("SEED_SCALE", "2"))  # the figure of the issue is 10: SEED_SCALE=10 make bench, some ten minutes
ROUNDS = 3
BATCH = 1_000
TABLES = ", ".join(table.name for table in metadata.sorted_tables)
# not ru_maxrss: a process begins with what its parent had at most
PEAK = """
import re, sys
from pathlib import Path
from sqlalchemy import make_url
from app_schema.engine import create_engine
from app_schema.seeding import Mode, Order, sow
with create_engine(make_url(sys.argv[1])).connect() as connection:
    sow(connection, Order("standard", float(sys.argv[2])), mode=Mode.REPLACE)
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Measure rows a second of the three ways, and megabytes."""
    with database(server) as engine:
        url = engine.url.render_as_string(hide_password=False)
        seeds, replay = [], []
        with engine.connect() as connection:
            for _ in range(ROUNDS):
                seeds.append(timed(lambda: sow(connection, Order("standard", SCALE), mode=Mode.REPLACE)))
                rows = sum(count(connection).values())
                replay.append(timed(partial(replayed, connection, taken(connection))))
            messages = count(connection)["messages"] // 100
            orm = timed(lambda: added(connection, messages))
        ours = rows / min(seeds)
        yield Figure(f"seed --scale {SCALE:g}, rows a second", "the same rows by COPY from memory", ours, rows / min(replay), at_least=0.85)
        yield Figure(f"seed --scale {SCALE:g}, rows a second", f"Faker and add_all, {messages} messages", ours, messages / orm, at_least=4)
        if sys.platform == "linux":
            small, large = (peak(url, scale) for scale in (1, SCALE))
            yield Figure(f"peak memory at scale {SCALE:g}, MB", "at scale 1", large, small, 1.2)


@contextmanager
def database(server: EmbeddedServer) -> Iterator[Engine]:
    """Yield a migrated database of its own."""
    administrator = create_engine(server.url("postgres"), schema="public", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administrator.connect() as connection:
        connection.execute(text("CREATE DATABASE bench_seeding TEMPLATE template0"))
        try:
            engine = create_engine(server.url("bench_seeding"), schema="public", poolclass=NullPool)
            migrate.upgrade(engine)
            yield engine
        finally:
            connection.execute(text("DROP DATABASE bench_seeding WITH (FORCE)"))


def timed(way: Callable[[], object]) -> float:
    begun = time.perf_counter()
    way()
    return time.perf_counter() - begun


def count(connection: Connection) -> dict[str, int]:
    return {table.name: connection.execute(text(f"SELECT count(*) FROM {table.name}")).scalar_one() for table in metadata.sorted_tables}


def taken(connection: Connection) -> dict[str, list[bytes]]:
    """Keep every table as COPY writes it, in blocks of 64 kB or more."""
    kept: dict[str, list[bytes]] = {}
    driver = connection.connection.driver_connection
    for table in metadata.sorted_tables:
        with driver.cursor() as cursor, cursor.copy(f"COPY (SELECT {columns(table)} FROM {table.name}) TO STDOUT") as copy:
            lines = iter(copy)
            blocks = iter(lambda lines=lines: b"".join(bytes(line) for line in islice(lines, 200)), b"")
            kept[table.name] = list(blocks)
    connection.rollback()
    return kept


def columns(table: object) -> str:
    return ", ".join(column.name for column in table.columns if column.computed is None)  # type: ignore[attr-defined]


def replayed(connection: Connection, kept: dict[str, list[bytes]]) -> None:
    """Do what `sow` does, statistics included, with rows that are there already."""
    connection.execute(text(f"TRUNCATE {TABLES}"))
    driver = connection.connection.driver_connection
    for table in metadata.sorted_tables:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns(table)}) FROM STDIN") as copy:
            for block in kept[table.name]:
                copy.write(block)
    connection.execute(text(f"ANALYZE {TABLES}"))
    connection.commit()


def added(connection: Connection, messages: int) -> None:
    """Do what a test suite does: Faker for each row, the ORM in batches."""
    fake = Faker("ko_KR")
    with Session(connection) as session:
        users = [User(email=f"bench{number}@example.kr", name=fake.name(), phone=fake.phone_number()) for number in range(10)]
        session.add_all(users)
        session.flush()
        talks = [Conversation(user_id=users[number % 10].id, title=fake.sentence()) for number in range(messages // 10)]
        session.add_all(talks)
        session.flush()
        for first in range(0, messages, BATCH):
            session.add_all(
                Message(
                    conversation_id=talks[number % len(talks)].id,
                    user_id=users[number % 10].id,
                    sender_type="user",
                    content=fake.text(),
                    created_at=fake.date_time_this_year(),
                )
                for number in range(first, min(first + BATCH, messages))
            )
            session.flush()
            session.expunge_all()
        session.commit()


def peak(url: str, scale: float) -> float:
    """Seed in a process of its own and return the megabytes it had at most."""
    done = subprocess.run([sys.executable, "-c", PEAK, url, str(scale)], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024
