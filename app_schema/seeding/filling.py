"""Write the rows: every table in the order of its keys, all of them or none."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app_schema.errors import SettingsError
from app_schema.models import metadata
from app_schema.scrub import scrubbed
from app_schema.seeding.modules import seeds
from app_schema.seeding.months import make_months
from app_schema.seeding.order import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

EVERY = 1_000  # rows between two reports


def fill(
    connection: Connection, *, scenario: str = "demo", scale: float = 1.0, random_seed: int = 0, now: datetime | None = None
) -> dict[str, int]:
    """Write rows into every table that the ``search_path`` names: all of them or, when that fails, none.

    The rows are part of the caller's transaction; nothing is committed.

    Args:
        connection: to a migrated schema, through psycopg.
        scenario: a name of ``SCENARIOS``.
        scale: how many times the scenario.
        random_seed: the same seed, scenario, scale and ``now`` give the same rows.
        now: when the story ends, with a time zone; the server's time by default.

    Returns:
        How many rows each table received.

    Raises:
        SettingsError: Faker is not installed, or an argument makes no sense.
    """
    return fulfil(connection, Order(scenario, scale, random_seed, now))


def fulfil(connection: Connection, order: Order, *, tag: str = "", report: Callable[[str, int], None] | None = None) -> dict[str, int]:
    """Write what an order asks for, in the caller's transaction.

    Args:
        connection: as for :func:`fill`.
        order: what to write.
        tag: keeps the names and ids of rows apart from those there already.
        report: called now and then with a table and the number of rows written since the last call.
    """
    if find_spec("faker") is None:
        raise SettingsError("seeding needs Faker; install it with: pip install 'app-schema[seeds]'")
    with scrubbed(), connection.begin_nested():
        # seconds, since a time would come in the session's DateStyle
        now = order.now or datetime.fromtimestamp(float(connection.execute(text("SELECT extract(epoch FROM now())")).scalar_one()), UTC)
        world = seeds("world").World(order.random_seed, order.story, order.scale, now.astimezone(UTC), tag)
        make_months(connection, world.earliest, world.now)
        return {table.name: _write(connection, table.name, world, report) for table in metadata.sorted_tables}


def _write(connection: Connection, table: str, world: Any, report: Callable[[str, int], None] | None) -> int:
    module = seeds(table)
    if hasattr(module, "derive"):  # from rows of other tables, by the database
        return int(module.derive(connection, world))
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 (a live connection has one)
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({', '.join(module.columns)}) FROM STDIN") as copy:
            if hasattr(module, "blocks"):  # where there are many rows: lines in COPY's own text format
                for rows, block in module.blocks(world):
                    copy.write(block)
                    if report:
                        report(table, rows)
            else:
                for number, row in enumerate(module.rows(world), 1):
                    copy.write_row(row)
                    if report and number % EVERY == 0:
                        report(table, EVERY)
        return int(cursor.rowcount)
