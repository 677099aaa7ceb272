"""For people: what needs somebody first, then the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text as RichText

from app_schema.columns import Columns, no_room
from app_schema.monitoring.formats.wording import verdict
from app_schema.monitoring.outage import Outage
from app_schema.monitoring.units import heading, moment, shown
from app_schema.printable import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from app_schema.monitoring.finding import Finding
    from app_schema.monitoring.snapshot import Snapshot
    from app_schema.monitoring.topic import Reading

STYLES = {"critical": "bold red", "warning": "yellow", "note": "dim"}
NUMERIC = (int, float)
NAME, PROSE = 40, 24  # how narrow a name may get before it is folded, and a sentence before it is cut


class Text(RichText):
    """Text of Rich that holds no control characters."""

    def __init__(self, text: str = "", style: str = "") -> None:
        super().__init__(visible(text), style)


def render(taken: Snapshot | Outage, room: int | None) -> RenderableType:
    """Lay out what was seen for a terminal of so many columns; None is endless room."""
    return _outage(taken) if isinstance(taken, Outage) else _snapshot(taken, room)


def _outage(outage: Outage) -> RenderableType:
    last = f"the last answer was at {moment(outage.since)}" if outage.since else "no earlier look is known"
    first = f"{outage.database}, schema {outage.schema}, {moment(outage.taken)}"
    return Group(Text(first), Text(f"the database does not answer; {last}", style="bold"), *_finding(outage.finding))


def _snapshot(snapshot: Snapshot, room: int | None) -> RenderableType:
    server = snapshot.server
    revision = server.revision or ("an unknown revision" if server.unread else "no revision")
    first = f"{server.database}, schema {snapshot.schema} at {revision}, PostgreSQL {server.version}"
    parts: list[RenderableType] = [Text(f"{first}, {moment(snapshot.taken)}"), Text(verdict(snapshot), style="bold")]
    parts += [line for finding in snapshot.findings for line in _finding(finding)]
    parts += [Text(f"remark    {remark}", style="dim") for remark in snapshot.remarks]
    for reading in snapshot.readings:
        parts += _reading(reading, room)
    return Group(*parts)


def _finding(finding: Finding) -> list[RichText]:
    first = RichText.assemble((f"{finding.severity:<9} ", STYLES[finding.severity]), (finding.rule, "bold"), f"  {visible(finding.says)}")
    return (
        [first]
        if finding.severity == "note"
        else [first, Text(f"          {finding.means}\n          run: {finding.command}", style="dim")]
    )


def _reading(reading: Reading[Any], room: int | None) -> list[RenderableType]:
    title = f"{reading.topic.title}{'' if reading.whole else f' ({reading.state})'}"
    parts: list[RenderableType] = [Text(f"\n{title}", style="bold")]
    parts += [Text(remark, style="dim") for remark in reading.remarks]
    if reading.rows:
        table, hidden = _columns(reading).fit(room)
        parts.append(table)
        if hidden:
            parts.append(Text(no_room(hidden), style="dim"))
        if len(reading.rows) > reading.topic.most:
            parts.append(Text(f"and {len(reading.rows) - reading.topic.most} more: --format json", style="dim"))
    elif not reading.remarks:
        parts.append(Text("none", style="dim"))
    return parts


def _columns(reading: Reading[Any]) -> Columns:
    topic = reading.topic
    fields = topic.brief or topic.row._fields
    numeric = {name for name in fields if any(isinstance(getattr(row, name), NUMERIC) for row in reading.rows)}
    words = {name for name in fields if any(isinstance(getattr(row, name), str) for row in reading.rows)} - {topic.prose}
    return Columns(
        {heading(name): [shown(name, getattr(row, name)) for row in reading.rows[: topic.most]] for name in fields},
        right=frozenset(map(heading, numeric)),
        folded={heading(name): NAME for name in words},
        cut={heading(topic.prose): PROSE} if topic.prose else {},
        least=tuple(map(heading, topic.least)),
    )
