"""For people: what needs somebody first, then the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from app_schema.monitoring.formats.wording import verdict
from app_schema.monitoring.units import heading, moment, shown

if TYPE_CHECKING:
    from rich.console import RenderableType

    from app_schema.monitoring.finding import Finding
    from app_schema.monitoring.snapshot import Snapshot
    from app_schema.monitoring.topic import Reading

STYLES = {"critical": "bold red", "warning": "yellow", "note": "dim"}
NUMERIC = (int, float)


def render(snapshot: Snapshot) -> RenderableType:
    """Lay a snapshot out for a terminal."""
    server = snapshot.server
    revision = server.revision or ("an unknown revision" if server.unread else "no revision")
    first = f"{server.database}, schema {snapshot.schema} at {revision}, PostgreSQL {server.version}"
    parts: list[RenderableType] = [Text(f"{first}, {moment(snapshot.taken)}"), Text(verdict(snapshot), style="bold")]
    parts += [line for finding in snapshot.findings for line in _finding(finding)]
    parts += [Text(f"remark    {remark}", style="dim") for remark in snapshot.remarks]
    for reading in snapshot.readings:
        parts += _reading(reading)
    return Group(*parts)


def _finding(finding: Finding) -> list[Text]:
    first = Text.assemble((f"{finding.severity:<9} ", STYLES[finding.severity]), (finding.rule, "bold"), f"  {finding.says}")
    return (
        [first]
        if finding.severity == "note"
        else [first, Text(f"          {finding.means}\n          run: {finding.command}", style="dim")]
    )


def _reading(reading: Reading[Any]) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(f"\n{reading.topic.title}", style="bold")]
    parts += [Text(remark, style="dim") for remark in reading.remarks]
    if reading.rows:
        fields = reading.topic.brief or reading.topic.row._fields
        table = Table(box=None, pad_edge=False)
        for name in fields:
            numeric = any(isinstance(getattr(row, name), NUMERIC) for row in reading.rows)
            table.add_column(heading(name), justify="right" if numeric else "left", no_wrap=True)
        for row in reading.rows[: reading.topic.most]:
            table.add_row(*(shown(name, getattr(row, name)) for name in fields))
        parts.append(table)
        if len(reading.rows) > reading.topic.most:
            parts.append(Text(f"and {len(reading.rows) - reading.topic.most} more: --format json", style="dim"))
    elif not reading.remarks:
        parts.append(Text("none", style="dim"))
    return parts
