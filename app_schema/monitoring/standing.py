"""Whether there is a schema of ours at all, and of which revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.monitoring.finding import LOCKS, Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app_schema.monitoring.look import Look

MISSING = Rule("schema-missing", Severity.CRITICAL, "There is nothing of app_schema to look after here.", "app-schema init")
OLD = Rule("revision-old", Severity.WARNING, "Upkeep and queries expect the newest revision.", "app-schema db upgrade")
NEWER = Rule("revision-unknown", Severity.WARNING, "The database was migrated by a newer app_schema.", "pip install --upgrade app-schema")
UNREAD = Rule("revision-unread", Severity.WARNING, "Whether the schema is as it should be is not known.", LOCKS)


def judge(look: Look, head: str) -> Iterator[Finding]:
    """Find a schema that is missing, behind or ahead."""
    schema, found = look.settings.schema_name, look.server.revision
    if look.server.unread:
        if not look.server.hidden:  # else a remark says which right is wanting
            yield UNREAD.finding(schema, look.server.unread)
    elif found is None:
        yield MISSING.finding(schema, f"schema {schema} of database {look.server.database} holds no revision")
    elif found < head:
        yield OLD.finding(schema, f"schema {schema} is at {found}, the newest is {head}")
    elif found > head:
        yield NEWER.finding(schema, f"schema {schema} is at {found}, the newest known here is {head}")
