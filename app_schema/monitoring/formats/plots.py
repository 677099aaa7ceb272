"""Plots as inline SVG, by pygal: coloured by the page's own variables, so that they follow light and dark, and without a script."""

from __future__ import annotations

import itertools
import math
import sys
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from app_schema.errors import ExtraMissing, MemoryUnavailable
from app_schema.monitoring.backup_rules import FULL, RPO
from app_schema.monitoring.history import Point, series
from app_schema.monitoring.tables import TABLE_BYTES
from app_schema.monitoring.units import KILO, duration, size
from app_schema.printable import visible_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from app_schema.memory import Memory
    from app_schema.monitoring.snapshot import Snapshot

SEOUL = ZoneInfo("Asia/Seoul")
DAYS, BACKUP_DAYS = 90, 30
MOST_TABLES, MOST_BARS = 5, 8
FEWEST_POINTS = 2
UNREAD = "읽지 못했습니다. It could not be read."
HOUR = 3600
SVG = "{http://www.w3.org/2000/svg}"
COLOURS = tuple(f"var(--series-{number})" for number in range(1, 7))


class Plot(NamedTuple):
    """A plot with its titles; ``svg`` is None when there is too little to draw, and ``says`` tells why or what is seen."""

    korean: str
    title: str
    says: str
    svg: str | None


def plots(snapshot: Snapshot, memory: Memory) -> list[Plot]:
    """Draw growth, sizes, backups against the RPO, and cache hits; without a memory, what needs none.

    Raises:
        ExtraMissing: pygal is not installed.
    """
    drawn = (
        ("tables", _growth(snapshot, memory)),
        ("tables", _sizes(snapshot)),
        ("backups", _backups(snapshot)),
        ("cache", _cache(snapshot, memory)),
    )
    # that there is nothing is not known of what could not be read
    return [plot if snapshot.reading(topic).unread is None else plot._replace(says=UNREAD, svg=None) for topic, plot in drawn]


def _growth(snapshot: Snapshot, memory: Memory) -> Plot:
    largest = [row.table for row in snapshot.rows("tables")[:MOST_TABLES]]
    lines = {visible_name(table): _series(snapshot, memory, TABLE_BYTES, table=table) for table in largest}
    korean, title = "테이블 크기 추이", "Growth over time"
    if not any(len(points) >= FEWEST_POINTS for points in lines.values()):
        return Plot(korean, title, "두 번째 측정부터 그려집니다. Drawn from the second look on.", None)
    highest = max(point.value for points in lines.values() for point in points)
    says = f"가장 큰 테이블 {len(largest)}개. The {len(largest)} largest tables."
    return Plot(korean, title, says, _lines(lines, _bytes, y_labels=_scale(highest)))


def _sizes(snapshot: Snapshot) -> Plot:
    rows = snapshot.rows("tables")[:MOST_BARS]
    korean, title = "테이블과 인덱스 크기", "Sizes"
    if not rows:
        return Plot(korean, title, "테이블이 없습니다. There is no table.", None)
    chart = _chart("HorizontalStackedBar", value_formatter=_bytes, x_labels=[visible_name(row.table) for row in reversed(rows)])
    chart.y_labels = _scale(max(row.total_bytes for row in rows))
    chart.add("테이블 table", [row.table_bytes for row in reversed(rows)])
    chart.add("인덱스 indexes", [row.index_bytes for row in reversed(rows)])
    total = sum(row.total_bytes for row in snapshot.rows("tables"))
    return Plot(korean, title, f"전체 {size(total)}. {size(total)} in all.", _svg(chart))


def _backups(snapshot: Snapshot) -> Plot:
    since = snapshot.taken - timedelta(days=BACKUP_DAYS)
    full = sorted(row.finished for row in snapshot.rows("backups") if row.kind in FULL and row.finished >= since)
    korean, title = "백업 간격과 RPO", "Backups against the RPO"
    if not full:
        nothing = f"최근 {BACKUP_DAYS}일간 전체 백업이 없습니다. There was no full backup in the last {BACKUP_DAYS} days."
        return Plot(korean, title, nothing, None)
    age = duration((snapshot.taken - full[-1]).total_seconds())
    says = (
        f"최근 {BACKUP_DAYS}일간 전체 백업 {len(full)}개, 마지막은 {age} 전."
        f" {len(full)} full backup{'s' if len(full) > 1 else ''} in {BACKUP_DAYS} days, the newest {age} ago."
    )
    limit = RPO[FULL[0]].total_seconds() / HOUR
    ends = [*full, snapshot.taken]  # the last gap is the one that is open now
    if len(full) == 1 and snapshot.taken - full[0] < timedelta(hours=1):
        return Plot(korean, title, says, None)
    gaps = [Point(end, (end - begin).total_seconds() / HOUR) for begin, end in itertools.pairwise(ends)]
    lines = {"간격(시간) hours between": gaps, f"RPO {limit:.0f} h": [Point(full[0], limit), Point(snapshot.taken, limit)]}
    highest = max(limit, *(gap.value for gap in gaps))
    y_labels = [highest * part / 4 for part in range(5)] if highest > limit else [0.0, 6.0, 12.0, 18.0, 24.0]
    return Plot(korean, title, says, _lines(lines, lambda value: f"{value:.0f} h", dots=True, y_labels=y_labels))


def _cache(snapshot: Snapshot, memory: Memory) -> Plot:
    points = _series(snapshot, memory, "app_schema_cache_hit_ratio")
    korean, title = "캐시 히트율", "Cache hits"
    rows = snapshot.rows("cache")
    says = f"지금 {rows[-1].ratio:.1%}. Now {rows[-1].ratio:.1%}." if rows and rows[-1].ratio is not None else "측정 중. Not known yet."
    if len(points) < FEWEST_POINTS:
        return Plot(korean, title, says, None)
    line = [Point(point.taken, point.value * 100) for point in points]
    lowest = min(90.0, *(point.value for point in line))
    y_labels = [lowest + (100 - lowest) * part / 4 for part in range(5)]
    return Plot(korean, title, says, _lines({"캐시 히트율 hits": line}, lambda value: f"{value:.1f} %", y_labels=y_labels))


def _series(snapshot: Snapshot, memory: Memory, metric: str, **labels: str) -> list[Point]:
    try:
        return series(memory, metric, now=snapshot.taken, days=DAYS, **labels)
    except MemoryUnavailable:  # a finding says so
        return []


def _lines(lines: dict[str, list[Point]], formatter: Callable[[float], str], *, y_labels: list[float], dots: bool = False) -> str:
    drawn = [point for points in lines.values() for point in points]
    span = max(point.taken for point in drawn) - min(point.taken for point in drawn)
    pattern = "%m-%d" if span > timedelta(days=2) else "%H:%M"
    chart = _chart(
        "DateTimeLine",
        value_formatter=formatter,
        x_value_formatter=lambda at: f"{at.replace(tzinfo=at.tzinfo or UTC).astimezone(SEOUL):{pattern}}",
        show_dots=dots,
        x_labels=_ticks(drawn),
        y_labels=y_labels,
    )
    for name, points in lines.items():
        chart.add(name, [(point.taken, point.value) for point in points])
    return _svg(chart)


def _ticks(points: Sequence[Point]) -> list[datetime]:
    begin, end = min(point.taken for point in points), max(point.taken for point in points)
    return [begin + (end - begin) * number / 4 for number in range(5)]


def _scale(highest: float) -> list[float]:
    """Return round numbers of bytes up to ``highest``, four or five of them."""
    unit = KILO ** max(0, int(math.log(max(highest, 1), KILO)))
    rough = highest / unit / 4
    step = unit * next((even for even in (0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 250) if even >= rough), rough)
    return [step * number for number in range(math.ceil(highest / step) + 1)]


def _chart(kind: str, **options: Any) -> Any:
    try:
        import pygal  # noqa: PLC0415 (an optional extra)
        from pygal.style import Style  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ExtraMissing("the page needs pygal: pip install 'app-schema[monitoring]'") from None
    # its finder of plugins, which we have none of, is of a kind that Python warns of at every import after it
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="var(--quiet)",
        foreground_strong="var(--ink)",
        foreground_subtle="var(--line)",
        colors=COLOURS,
        font_family="inherit",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=13,
        opacity=".85",
        transition="0s",
    )
    shape = {
        "width": 640,
        "height": 320,
        "js": (),
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 3,
        "legend_box_size": 11,
        "margin": 8,
        "margin_bottom": 28,
        "margin_right": 28,
    }
    return getattr(pygal, kind)(style=style, **(shape | options))


def _svg(chart: Any) -> str:
    tree = chart.render_tree()
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag in (f"{SVG}script", "script") or not isinstance(child.tag, str):  # its comments name its makers' sites
                parent.remove(child)
    ET.register_namespace("", SVG.strip("{}"))
    return ET.tostring(tree, encoding="unicode")


def _bytes(value: float) -> str:
    return size(value)
