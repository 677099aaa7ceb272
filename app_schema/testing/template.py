"""Templates: databases at head that every other one is a copy of, made once for all workers and runs.

One is built under a name of its own, renamed, and marked last, all while its advisory lock is held:
whoever finds it marked may trust it, and what a killed builder left is not marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import NullPool, text

from app_schema import databases
from app_schema.engine import create_engine, quoted, verbatim
from app_schema.testing import lock

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

TEMPLATE = "app_schema_template_"
BUILDING = "app_schema_building_"
MARK = "app_schema: complete"
IS_READY = text(
    "SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name AND datistemplate AND shobj_description(oid, 'pg_database') = :mark)"
)
# Nothing here need survive a power cut, and each of the revisions commits.
HASTE = "-c synchronous_commit=off"


def hold(connection: Connection, server: URL, key: str, *, schema: str, seeded: bool) -> str:
    """Return the name of the template of ``key``, built if need be; it stays at least as long as ``connection``."""
    name = TEMPLATE + key
    while True:
        lock.share(connection, name)
        if connection.scalar(IS_READY, {"name": name, "mark": MARK}):
            return name
        lock.unshare(connection, name)
        with lock.alone(connection, name):
            if not connection.scalar(IS_READY, {"name": name, "mark": MARK}):
                _build(connection, server, key, schema=schema, seeded=seeded)


def remove(connection: Connection, name: str) -> None:
    """Drop a template, or what is left of one; the caller holds its lock."""
    if connection.scalar(text("SELECT datistemplate FROM pg_database WHERE datname = :name"), {"name": name}):
        connection.execute(verbatim(f"ALTER DATABASE {quoted(name)} WITH IS_TEMPLATE false"))
    databases.drop(connection, name)


def _build(connection: Connection, server: URL, key: str, *, schema: str, seeded: bool) -> None:
    from app_schema import migrate  # noqa: PLC0415 (Alembic; most runs find the template there)

    name, draft = TEMPLATE + key, BUILDING + key
    remove(connection, draft)  # of a builder that was killed
    remove(connection, name)  # of one that was killed between renaming and marking
    connection.execute(verbatim(f"CREATE DATABASE {draft} ENCODING 'UTF8' TEMPLATE template0"))
    engine = create_engine(server.set(database=draft), schema=schema, poolclass=NullPool, connect_args={"options": HASTE})
    migrate.upgrade(engine, schema=schema)
    if seeded:
        from app_schema import seeding  # noqa: PLC0415 (likewise)

        with engine.begin() as rows:
            seeding.fill(rows)
    connection.execute(verbatim(f"ALTER DATABASE {draft} RENAME TO {name}"))
    connection.execute(verbatim(f"COMMENT ON DATABASE {name} IS '{MARK}'"))
    connection.execute(verbatim(f"ALTER DATABASE {name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"))
