"""Whether this server can be compared with: two schemas that are made alike must look alike in its catalogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.errors import ServerUnsuitable

if TYPE_CHECKING:
    from app_schema.drift.catalog import Catalog, Key

# Which catalog an object's definition is read from, and which field of it a line of the definition.
CATALOGS = {
    "aggregate": "pg_proc",
    "column": "pg_attribute",
    "constraint": "pg_constraint",
    "default privileges": "pg_default_acl",
    "domain": "pg_type",
    "enum": "pg_enum",
    "function": "pg_proc",
    "grant": "pg_class.relacl, pg_attribute.attacl, pg_proc.proacl, pg_type.typacl or pg_namespace.nspacl",
    "index": "pg_index",
    "materialized view": "pg_class",
    "partition": "pg_class.relpartbound",
    "policy": "pg_policy",
    "procedure": "pg_proc",
    "range": "pg_range",
    "rule": "pg_rewrite",
    "sequence": "pg_sequence",
    "statistics": "pg_statistic_ext",
    "table": "pg_class",
    "trigger": "pg_trigger",
    "type": "pg_type",
    "view": "pg_class",
}
FIELDS = {
    ("pg_attribute", "type"): "atttypid",
    ("pg_attribute", "not"): "attnotnull",
    ("pg_attribute", "default"): "atthasdef (pg_attrdef.adbin)",
    ("pg_attribute", "generated"): "attgenerated (pg_attrdef.adbin)",
    ("pg_attribute", "identity"): "attidentity",
    ("pg_attribute", "collation"): "attcollation",
    ("pg_attribute", "storage"): "attstorage",
    ("pg_attribute", "compression"): "attcompression",
    ("pg_attribute", "statistics"): "attstattarget",
    ("pg_attribute", "options"): "attoptions",
    ("pg_attribute", "foreign"): "attfdwoptions",
    ("pg_class", "with"): "reloptions",
    ("pg_class", "row"): "relrowsecurity",
    ("pg_class", "replica"): "relreplident",
    ("pg_class", "access"): "relam",
    ("pg_class", "tablespace"): "reltablespace",
    ("pg_class", "owner"): "relowner",
    ("pg_proc", "set"): "proconfig",
    ("pg_proc", "cost"): "procost",
    ("pg_proc", "rows"): "prorows",
    ("pg_proc", "owner"): "proowner",
    ("pg_index", "USING"): "indexrelid (pg_get_indexdef)",
}


def check(one: Catalog, other: Catalog, server: str, schema: str) -> None:
    """Compare two schemas that were made alike, of a server of version ``server``, which was to tell what ``schema`` is.

    Raises:
        ServerUnsuitable: they differ; the line names the catalogs' fields in which they do.
    """
    unlike = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    if not unlike:
        return
    fields = sorted({field for key in unlike for field in _fields(key, one.get(key), other.get(key))})
    example = min(unlike, key=lambda key: (key.kind, key.name))
    raise ServerUnsuitable(
        f"this server (PostgreSQL {server}) is not known well enough to say whether schema {schema} is as declared:"
        f" two schemas that were made alike in one run differ in {', '.join(fields)}"
        f" ({len(unlike)} definitions, such as {example.kind} {example.name}), so the server or an event trigger wrote something there;"
        " report this line to the maintainers of app_schema, and compare a restored dump on another server"
    )


def _fields(key: Key, one: str | None, other: str | None) -> set[str]:
    catalog = CATALOGS.get(key.kind, f"the catalog of kind {key.kind}")
    lines = set((one or "").splitlines()) ^ set((other or "").splitlines())
    if one is None or other is None or not lines:
        return {catalog}
    return {_field(catalog, line) for line in lines}


def _field(catalog: str, line: str) -> str:
    word = line.split(" ", 1)[0]
    if word == "comment":
        return "pg_description.description"
    field = FIELDS.get((catalog, word))
    return f"{catalog}.{field}" if field else catalog
