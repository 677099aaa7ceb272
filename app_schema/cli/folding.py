"""A hundred lines of one kind as one line that counts them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app_schema.backup.entry import Entry

LEFT_OUT = re.compile(r"(?P<rows>rows of )?(?P<kind>table|sequence) (?P<schema>.*?)\.(?P<name>.*): (?P<why>.*)")


def left_out(entry: Entry) -> list[str]:
    """Return what a backup could not include: a line for each database, schema, kind and reason; the entry names each of it."""
    lines = list(entry.missing)
    for database in (part.database for part in entry.parts if part.database):
        groups: dict[tuple[str, str, str, str], list[str]] = {}
        for line in database.missing:
            match = LEFT_OUT.fullmatch(line)
            key = (match["rows"] or "", match["kind"], match["schema"], match["why"]) if match else ("", "", "", line)
            groups.setdefault(key, []).append(line)
        of = f"database {database.name}: "
        lines += [
            f"{of}{rows}{len(group):,} {kind}s of schema {schema}: {why}" if len(group) > 1 else f"{of}{group[0]}"
            for (rows, kind, schema, why), group in groups.items()
        ]
    return lines
