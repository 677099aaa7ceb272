"""For machines: everything as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app_schema.monitoring.snapshot import Snapshot


def render(snapshot: Snapshot) -> str:
    """Return the snapshot as one JSON document; times in ISO 8601, units in the names."""
    document = {
        "taken": snapshot.taken,
        "since": snapshot.since,
        "schema": snapshot.schema,
        "server": snapshot.server._asdict(),
        "well": not snapshot.alarming,
        "unread": snapshot.unread,
        "findings": [vars(finding) for finding in snapshot.findings],
        "remarks": snapshot.remarks,
        "topics": {
            reading.topic.name: {
                "rows": [row._asdict() for row in reading.rows],
                "remarks": reading.remarks,
                "seconds": round(reading.seconds, 4),
            }
            for reading in snapshot.readings
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value)} has no JSON form")
