"""What PostgreSQL's catalogs say about a schema: each object with its definition, as text."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app_schema.engine import quoted, verbatim

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, TextClause

QUERIES = Path(__file__).parent / "sql"
# How PostgreSQL prints times and names must not depend on who asks; one large query is not worth compiling.
PRINTING = text(
    "SELECT set_config('timezone', 'Asia/Seoul', true), set_config('datestyle', 'ISO', true),"
    " set_config('quote_all_identifiers', 'off', true), set_config('jit', 'off', true)"
)
MONTH = re.compile(r"of (?P<parent>.*), its month")
OWNER = "owner"


class Key(NamedTuple):
    """Names an object in its schema; ``relation`` is the table that it belongs to, if any."""

    kind: str
    relation: str | None
    name: str


Catalog = dict[Key, str]


def snapshot(connection: Connection, schema: str, roles: Collection[str]) -> Catalog:
    """Read every object of ``schema`` and the group ``roles``, in one query.

    It sets the transaction's ``search_path``; call it in a savepoint that is rolled back.
    """
    enter(connection, schema)
    connection.execute(PRINTING)
    rows = connection.execute(_query(), {"schema": schema, "roles": list(roles)})
    return {Key(kind, relation, name): definition or "" for kind, relation, name, definition in rows}


def enter(connection: Connection, schema: str) -> None:
    """Make ``schema`` the one that unqualified names mean, until the transaction or savepoint is rolled back."""
    connection.execute(verbatim(f"SET LOCAL search_path TO {quoted(schema)}"))


def with_owners_apart(found: Catalog) -> Catalog:
    """Take the line that names another owner than the schema's out of each definition, and return it as an object of kind ``owner``."""
    apart: Catalog = {}
    for key, definition in found.items():
        lines = definition.split("\n")
        owner = next((line for line in lines if line.startswith(f"{OWNER} ")), None)
        if owner:
            lines.remove(owner)
            apart[Key(OWNER, key.relation, f"of {key.kind} {key.name}")] = owner
        apart[key] = "\n".join(lines)
    return apart


def with_months(declared: Catalog, found: Catalog) -> Catalog:
    """Declare the months that partition maintenance has made: each as the default partition of its table, bounds apart.

    A month without the default partition's grants is no difference, since rows are reached through the parent.
    """
    months: Catalog = {}
    for key, definition in found.items():
        if key.kind == "partition" and (match := MONTH.fullmatch(definition)):
            default = f"{match['parent']}_default"
            months[key] = definition
            for pattern, wanted in declared.items():
                twin = Key(pattern.kind, key.name, key.name + pattern.name.removeprefix(default))
                if pattern.relation == default and pattern.kind != "partition" and (pattern.kind != "grant" or twin in found):
                    months[twin] = wanted
    return declared | months


@cache
def _query() -> TextClause:
    files = {path.stem: path.read_text(encoding="utf-8") for path in sorted(QUERIES.glob("*.sql"))}
    scope = files.pop("scope")
    return text(scope + "\nUNION ALL\n".join(f"({query})" for query in files.values()))
