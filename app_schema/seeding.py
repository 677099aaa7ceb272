"""Fill an empty schema with believable rows: ``seeds/<table>.py`` makes them, COPY streams them, parents first."""

from __future__ import annotations

import sys
from datetime import UTC
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app_schema.assets import directory
from app_schema.errors import SettingsError
from app_schema.models import metadata
from app_schema.scrub import scrubbed

if TYPE_CHECKING:
    from datetime import datetime
    from types import ModuleType

    from sqlalchemy import Connection

SEEDS = "app_schema.seeds"


def fill(connection: Connection, *, scale: float = 1.0, random_seed: int = 0, now: datetime | None = None) -> dict[str, int]:
    """Write rows into every table that the ``search_path`` names: all of them or, when that fails, none.

    The rows are part of the caller's transaction; nothing is committed.

    Args:
        connection: to a migrated schema, through psycopg.
        scale: how many times the default 40 users, 100 chats and so on.
        random_seed: the same seed, scale and ``now`` give the same rows.
        now: when the story ends, with a time zone; the server's time by default.

    Returns:
        How many rows each table received.

    Raises:
        SettingsError: Faker is not installed.
    """
    if find_spec("faker") is None:
        raise SettingsError("seeding needs Faker; install it with: pip install 'app-schema[seeds]'")
    with scrubbed(), connection.begin_nested():
        now = now or connection.execute(text("SELECT now()")).scalar_one()
        world = _seeds("world").World(random_seed=random_seed, scale=scale, now=now.astimezone(UTC))
        return {table.name: _write(connection, table.name, world) for table in metadata.sorted_tables}


def fill_if_empty(connection: Connection) -> dict[str, int]:
    """Fill and commit, unless there are users already: then nothing is written and ``{}`` returned."""
    if _has_users(connection):
        return {}
    # of two that come at once, the second waits here and then finds the first one's users
    connection.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
    written = {} if _has_users(connection) else fill(connection)
    connection.commit()
    return written


def _has_users(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM users)")).scalar_one())


def _write(connection: Connection, table: str, world: Any) -> int:
    seeds = _seeds(table)
    if hasattr(seeds, "derive"):  # from rows of other tables, by the database
        return int(seeds.derive(connection, world))
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 (a live connection has one)
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({', '.join(seeds.columns)}) FROM STDIN") as copy:
            for row in seeds.rows(world):
                copy.write_row(row)
        return int(cursor.rowcount)


def _seeds(name: str) -> ModuleType:
    # By path: in a wheel the folder is a subpackage, in a checkout it lies beside the package.
    if SEEDS not in sys.modules:
        folder = directory("seeds")
        spec = spec_from_file_location(SEEDS, folder / "__init__.py", submodule_search_locations=[str(folder)])
        assert spec is not None  # noqa: S101 (a .py file has a loader)
        assert spec.loader is not None  # noqa: S101
        package = module_from_spec(spec)
        spec.loader.exec_module(package)
        sys.modules[SEEDS] = package
    return import_module(f"{SEEDS}.{name}")
