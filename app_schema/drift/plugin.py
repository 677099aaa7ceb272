"""Alembic's autogenerate sees the differences too, so that ``alembic check`` fails where ``app-schema db check`` does."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations.ops import MigrateOperation
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import MetaData

from app_schema import objects
from app_schema.drift.comparison import check_server, differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import UpgradeOps

    from app_schema.drift.difference import Difference

PLUGIN = "app_schema.drift"
ALEMBICS = ("table", "column", "index", "constraint")  # what Alembic's own operations change
FOLDERS = {
    "function": "functions",
    "domain": "domains",
    "trigger": "triggers",
    "view": "views",
    "grant": "grants",
    "partition": "partitions",
}


class CatalogDriftOp(MigrateOperation):
    """A difference, among the operations that autogenerate proposes; it changes nothing by itself."""

    def __init__(self, difference: Difference, *, undo: bool = False) -> None:
        self.difference = difference
        self.undo = undo

    def reverse(self) -> CatalogDriftOp:
        """Return its counterpart for ``downgrade()``."""
        return CatalogDriftOp(self.difference, undo=not self.undo)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what ``alembic check`` prints."""
        return ("catalog_drift", str(self.difference))


def setup(plugin: Plugin) -> None:
    """Compare after everything that Alembic compares itself."""
    plugin.add_autogenerate_comparator(_compare, "schema", priority=DispatchPriority.LAST)


def _compare(context: AutogenContext, upgrade: UpgradeOps, _schemas: set[str | None]) -> PriorityDispatchResult:
    connection, metadata = context.connection, context.metadata
    if connection is None or not isinstance(metadata, MetaData):
        raise TypeError("the comparison needs a connection and one MetaData")
    schema = connection.dialect.default_schema_name or "public"
    covered = set(_tables(upgrade.ops))
    if found := differences(connection, metadata, schema):
        check_server(connection, metadata, schema)
    upgrade.ops.extend(CatalogDriftOp(each) for each in found if each.kind not in ALEMBICS or each.name.split(".")[0] not in covered)
    return PriorityDispatchResult.CONTINUE


def _tables(operations: Sequence[MigrateOperation]) -> Iterator[str]:
    """Yield the tables and indexes that Alembic's own operations are about."""
    for operation in operations:
        yield from (str(name) for field in ("table_name", "index_name") if (name := getattr(operation, field, None)))
        yield from _tables(getattr(operation, "ops", ()))


@renderers.dispatch_for(CatalogDriftOp)
def _render(_context: AutogenContext, operation: CatalogDriftOp) -> list[str]:
    if operation.undo:
        return [f"# undo: {operation.difference.kind} {operation.difference.name}", "pass"]
    return [f"# {operation.difference}", f"# {_cure(operation.difference)}", "pass"]


def _cure(difference: Difference) -> str:
    if difference.change == "unexpected":
        return "drop it, or declare it in app_schema/models or migrations/sql"
    folder = FOLDERS.get(difference.kind)
    if folder is None:
        return "an op of Alembic's above may cover it; otherwise write the DDL by hand"
    plain = re.split(r"[( ]", difference.name)[0].split(".")
    for each in objects.newest(folder):
        if each.name in (plain[0], plain[-1]):
            return f'objects.run("{folder}/{each.name}", {each.version})'
    return f"add migrations/sql/{folder}/{plain[-1]}.v1.sql and run it with objects.run"


Plugin.setup_plugin_from_module(sys.modules[__name__], PLUGIN)
