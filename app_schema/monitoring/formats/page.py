"""For managers: one page that holds everything it shows, in Korean and English, in light and dark."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mako.template import Template

from app_schema.monitoring.finding import Severity
from app_schema.monitoring.formats.plots import plots
from app_schema.monitoring.formats.wording import verdict, verdict_in_korean
from app_schema.monitoring.units import heading, shown

if TYPE_CHECKING:
    from app_schema.memory import Memory
    from app_schema.monitoring.snapshot import Snapshot
    from app_schema.monitoring.topic import Reading


def render(snapshot: Snapshot, memory: Memory) -> str:
    """Return the page.

    Raises:
        ExtraMissing: pygal is not installed.
    """
    source = files("app_schema.monitoring.formats").joinpath("page.html.mako").read_text(encoding="utf-8")
    template = Template(text=source, default_filters=["str", "h"], strict_undefined=True)  # noqa: S702 (h escapes every value)
    worst = snapshot.alarming[0].severity if snapshot.alarming else None
    return str(
        template.render(
            title=f"{snapshot.server.database}: {verdict(snapshot)}",
            tone=worst or "good",
            verdict=(verdict_in_korean(snapshot), verdict(snapshot)),
            snapshot=snapshot,
            plots=plots(snapshot, memory),
            notes=[finding for finding in snapshot.findings if finding.severity is Severity.NOTE],
            heading=heading,
            shown=shown,
            numeric=_numeric,
        )
    )


def _numeric(reading: Reading[Any], field: str) -> bool:
    return any(isinstance(getattr(row, field), int | float) and not isinstance(getattr(row, field), bool) for row in reading.rows)
