"""For managers: one page that holds everything it shows, in Korean and English, in light and dark."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mako.template import Template

from app_schema.monitoring.finding import Severity
from app_schema.monitoring.formats.korean import MEANINGS
from app_schema.monitoring.formats.plots import plots
from app_schema.monitoring.formats.wording import verdict, verdict_in_korean
from app_schema.monitoring.outage import Outage
from app_schema.monitoring.units import heading, moment, shown

if TYPE_CHECKING:
    from app_schema.memory import Memory
    from app_schema.monitoring.snapshot import Snapshot
    from app_schema.monitoring.topic import Reading


def render(taken: Snapshot | Outage, memory: Memory) -> str:
    """Return the page; of a database that does not answer it says that, since when, and what to do.

    Raises:
        ExtraMissing: pygal is not installed.
    """
    source = files("app_schema.monitoring.formats").joinpath("page.html.mako").read_text(encoding="utf-8")
    imports = ["from app_schema.printable import visible"]
    filters = ["str", "visible", "h"]
    template = Template(text=source, default_filters=filters, imports=imports, strict_undefined=True)  # noqa: S702 (h escapes every value)
    parts = _outage(taken) if isinstance(taken, Outage) else _snapshot(taken, memory)
    return str(template.render(**parts, heading=heading, shown=shown, numeric=_numeric, meanings=MEANINGS))


def _snapshot(snapshot: Snapshot, memory: Memory) -> dict[str, Any]:
    server = snapshot.server
    return {
        "title": f"{server.database}: {verdict(snapshot)}",
        "tone": snapshot.alarming[0].severity if snapshot.alarming else "good",
        "verdict": (verdict_in_korean(snapshot), verdict(snapshot)),
        "where": f"{server.database} · schema {snapshot.schema} · revision {server.revision or '-'} · PostgreSQL {server.version}"
        f" · {moment(snapshot.taken)}",
        "remarks": snapshot.remarks,
        "alarming": snapshot.alarming,
        "plots": plots(snapshot, memory),
        "readings": snapshot.readings,
        "notes": [finding for finding in snapshot.findings if finding.severity is Severity.NOTE],
    }


def _outage(outage: Outage) -> dict[str, Any]:
    at, last = moment(outage.taken), moment(outage.since) if outage.since else None
    return {
        "title": f"{outage.database}: the database does not answer",
        "tone": outage.finding.severity,
        "verdict": ("긴급: 데이터베이스가 응답하지 않습니다", "the database does not answer"),
        "where": f"{outage.database} · schema {outage.schema} · {at}",
        "remarks": [
            f"{at}에 응답이 없었습니다. There was no answer at {at}.",
            f"마지막 응답은 {last}입니다. The last answer was at {last}." if last else "이전 기록이 없습니다. No earlier look is known.",
        ],
        "alarming": [outage.finding],
        "plots": [],
        "readings": [],
        "notes": [],
    }


def _numeric(reading: Reading[Any], field: str) -> bool:
    return any(isinstance(getattr(row, field), int | float) and not isinstance(getattr(row, field), bool) for row in reading.rows)
