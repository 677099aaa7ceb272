"""For machines: everything as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from app_schema.monitoring.outage import Outage
from app_schema.monitoring.topics import TOPICS
from app_schema.printable import visible_json

if TYPE_CHECKING:
    from app_schema.monitoring.snapshot import Snapshot


def render(taken: Snapshot | Outage) -> str:
    """Return one JSON document with the same keys whether the database answered or not; times in ISO 8601, units in the names."""
    document = _outage(taken) if isinstance(taken, Outage) else _snapshot(taken)
    return visible_json(json.dumps(document, indent=2, ensure_ascii=False, default=_plain))


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "up": True,
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
                "read": reading.whole,
                "remarks": reading.remarks,
                "seconds": round(reading.seconds, 4),
            }
            for reading in snapshot.readings
        },
    }


def _outage(outage: Outage) -> dict[str, Any]:
    return {
        "up": False,
        "taken": outage.taken,
        "since": outage.since,
        "schema": outage.schema,
        "server": None,
        "well": False,
        "unread": [topic.name for topic in TOPICS],
        "findings": [vars(outage.finding)],
        "remarks": [],
        "topics": {},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value)} has no JSON form")
