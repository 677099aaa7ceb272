"""Alembic against psql, drift against looking, and twenty migrators at once."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, text

from app_schema.engine import create_engine
from benchmarks.figure import Figure, medians

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.embedded import EmbeddedServer

MIGRATORS = 20
numbers = count(1)


def alembic(server: EmbeddedServer, database: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the plain command."""
    url = server.url(database).render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "alembic", *arguments],
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(process: subprocess.Popen[str]) -> str:
    """Wait for it, and fail if it failed."""
    out, err = process.communicate()
    if process.returncode:
        raise RuntimeError(err)
    return out


@contextmanager
def databases(server: EmbeddedServer) -> Iterator[Iterator[str]]:
    """Yield names of new empty databases, made before anything is timed."""
    engine = create_engine(server.url("postgres"), schema="public", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    names = [f"bench_{next(numbers)}" for _ in range(20)]
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy"))
    yield iter(names)
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def figures(server: EmbeddedServer) -> Iterator[Figure]:
    """Measure the three figures of the migrations."""
    with databases(server) as fresh:
        first = next(fresh)
        script = done(alembic(server, first, "upgrade", "head", "--sql"))
        done(alembic(server, first, "upgrade", "head"))

        def psql() -> None:
            url = server.url(next(fresh))
            subprocess.run(
                [server.programs / "psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"],
                input=script,
                text=True,
                check=True,
                stdout=subprocess.DEVNULL,
                env={
                    "PGHOST": url.query["host"],
                    "PGUSER": url.username,
                    "PGPASSWORD": url.password,
                    "PGDATABASE": url.database,
                    "PGOPTIONS": "-c client_min_messages=warning",
                },  # type: ignore[dict-item]
            )

        upgrade, applied, current, check = medians(
            lambda: done(alembic(server, next(fresh), "upgrade", "head")),
            psql,
            lambda: done(alembic(server, first, "current")),
            lambda: done(alembic(server, first, "check")),
        )
        yield Figure("alembic upgrade head, less alembic current, s", "psql with its own --sql", upgrade - current, applied, 3)
        yield Figure("alembic check, s", "1.5 * alembic current + 0.5 s", check, 1.5 * current + 0.5, 1)
    with databases(server) as fresh:
        name = next(fresh)
        running = [alembic(server, name, "upgrade", "head") for _ in range(MIGRATORS)]
        succeeded = sum(process.communicate() is not None and process.returncode == 0 for process in running)
        yield Figure(f"{MIGRATORS} upgrades at once that succeeded", "all of them", succeeded, MIGRATORS, 1)
